package main

import "time"

// The executors suite prices calls of functions on executors: processes and threads.

const (
	executorPayload  = 100      // bytes of a small call
	executorInFlight = 64       // calls at a time in the cases of that name
	executorLarge    = 64 << 20 // bytes of a large call

	// executorTurn is a turn, to which the start of its processes comes.
	executorTurn = 100 * time.Millisecond
)

func executorsSuite() Suite {
	const name = "executors"
	return Suite{
		Name: name,
		Laps: 8,
		What: "functions on processes and threads beside Python's executors and a plain pipe",
		Cases: []Case{
			{Name: "process_serial", Unit: "µs", Turn: executorTurn, What: "a no-op with 100 bytes on one process, one at a time"},
			{Name: "process_64", Unit: "µs", Turn: executorTurn, What: "the same on two processes, 64 in flight"},
			{Name: "process_64mb", Unit: "µs", Turn: executorTurn, What: "64 MB to a process and back"},
			{Name: "process_start", Unit: "µs", Turn: executorTurn, What: "a new process until its first answer"},
			{Name: "process_kill", Unit: "µs", Turn: executorTurn, What: "a cancel of a burning call, without grace, until its place has answered the next one"},
			{Name: "thread_64", Unit: "µs", Turn: executorTurn, What: "a no-op on a thread pool, 64 in flight"},
		},
		Subjects: []Subject{
			goSubject(name, ours, executorMeasurements()),
			executorPythonSubject("asyncio"),
			executorPythonSubject("uvloop"),
			goSubject(name, "pipe", pipeMeasurements()),
		},
	}
}
