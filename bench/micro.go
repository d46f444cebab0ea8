package main

import "time"

// The micro suite prices the engine's primitives, each alone.

// Counts that every subject shares.
const (
	yieldTasks    = 100
	spawnBatch    = 10_000
	blockingTasks = 64
)

// microTurn is long enough for collections and scheduler ticks to average out, and shorter than the machine's drift.
const microTurn = 50 * time.Millisecond

func microSuite() Suite {
	const name = "micro"
	return Suite{
		Name: name,
		Laps: 12,
		What: "the engine's primitives beside goroutines, asyncio and uvloop",
		Cases: []Case{
			{Name: "call_soon", Unit: "ns", Turn: microTurn, What: "a callback that queues the next one"},
			{Name: "yield", Unit: "ns", Turn: microTurn, What: "a task yields and comes back, 100 tasks in turn"},
			{Name: "spawn", Unit: "ns", Turn: microTurn, What: "a task is started in a group and ends, 10,000 at a time"},
			{Name: "queue_pingpong", Unit: "ns", Turn: microTurn, What: "a round trip between two tasks over two queues"},
			{Name: "mutex", Unit: "ns", Turn: microTurn, What: "an uncontended lock and unlock"},
			{Name: "future", Unit: "ns", Turn: microTurn, What: "one task awaits a new future, another completes it, each suspends once"},
			{Name: "blocking_serial", Unit: "ns", Turn: microTurn, What: "a no-op handed to a thread pool and awaited, one at a time"},
			{Name: "blocking_64", Unit: "ns", Turn: microTurn, What: "a no-op handed to a thread pool and awaited, 64 in flight"},
			{Name: "sleepers", Unit: "B", What: "memory of one sleeping task among a million", Needs: needsResidentMemory},
		},
		Subjects: []Subject{
			goSubject(name, ours, aioMeasurements()),
			goSubject(name, "goroutines", goroutineMeasurements()),
			pythonSubject("asyncio"),
			pythonSubject("uvloop"),
		},
	}
}
