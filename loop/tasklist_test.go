package loop

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A list with random comings and goings has what a plain slice has, in its
// order, knows where each of its tasks stands, and is not much larger than what
// it has held at once.
func TestTaskListAgainstASlice(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		var list taskList
		var model []*Task
		most, crowd := 0, 1+random.IntN(2000)
		for range 5000 {
			switch {
			case len(model) == 0 || len(model) < crowd && random.IntN(2) == 0:
				task := &Task{}
				list.add(task, &task.member, memberPosition)
				model = append(model, task)
			default:
				at := 0 // the oldest, the newest, or any
				switch random.IntN(3) {
				case 0:
					at = len(model) - 1
				case 1:
					at = random.IntN(len(model))
				}
				list.remove(&model[at].member)
				if model[at].member != 0 {
					t.Fatalf("seed %d: a task that was taken out has position %d", seed, model[at].member)
				}
				model = slices.Delete(model, at, at+1)
			}
			most = max(most, len(model))
			if list.count != len(model) || !slices.Equal(list.all(), model) {
				t.Fatalf("seed %d: the list differs", seed)
			}
		}
		for _, task := range model {
			if *list.place(int(task.member) - 1) != task {
				t.Fatalf("seed %d: a task does not stand where it says", seed)
			}
		}
		if bound := max(smallTaskList, 4*most); list.room() > bound {
			t.Errorf("seed %d: room for %d tasks, of which there were %d at most", seed, list.room(), most)
		}
		for i := list.length; i < list.room(); i++ {
			if *list.place(i) != nil {
				t.Fatalf("seed %d: a task that was taken out is held", seed)
			}
		}
	}
}

// One that lives long beside many that come and go does not let the list grow.
func TestTaskListWithOneThatStays(t *testing.T) {
	var list taskList
	add := func() *Task {
		task := &Task{}
		list.add(task, &task.member, memberPosition)
		return task
	}
	stays := add()
	last := add()
	for range 10_000 {
		next := add()
		list.remove(&last.member)
		last = next
	}
	if got := list.all(); !slices.Equal(got, []*Task{stays, last}) || list.room() > smallTaskList {
		t.Errorf("%d tasks in a list of %d", len(got), list.room())
	}
}

// The memory of a burst is given back when the loop has nothing to do.
func TestTaskListRests(t *testing.T) {
	var list taskList
	var tasks []*Task
	for range 10_000 {
		task := &Task{}
		list.add(task, &task.member, memberPosition)
		tasks = append(tasks, task)
	}
	for _, task := range tasks[:9_990] {
		list.remove(&task.member)
	}
	list.rest(memberPosition)
	if got := list.all(); !slices.Equal(got, tasks[9_990:]) || list.room() > blockSize {
		t.Errorf("%d tasks in a list of %d", len(got), list.room())
	}
	list.remove(&tasks[9_995].member)
	if list.count != 9 || *list.place(int(tasks[9_999].member) - 1) != tasks[9_999] {
		t.Error("a task does not stand where it says")
	}
}
