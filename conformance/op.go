package conformance

import "iter"

// An Op is one operation. Which fields it uses depends on its name: see [Op.MarshalJSON] for the written form.
type Op struct {
	Name      string
	Target    string   // the task or the object it is about
	Text      string   // what is logged, or the message that is raised
	Number    int      // a value, a count, or a time in milliseconds
	Unlimited bool     // of wait: there is no deadline, and Number means nothing
	Immediate bool     // of shutdown
	Names     []string // tasks, in the order given
	When      When     // of wait
	Body      []Op     // of with, timeout, group and try
	Handlers  Handlers // of try
}

// Handlers are what a try does when its body is over. A nil list stands for no handler: an error that has an empty
// handler is handled, one that has none goes on.
type Handlers struct {
	Error   []Op // for any failure but a cancel
	Cancel  []Op // for a cancel, which it takes back
	Finally []Op // whatever happened
}

// When says what ends a wait.
type When string

// The ends of a wait.
const (
	FirstCompleted When = "FIRST_COMPLETED"
	FirstException When = "FIRST_EXCEPTION"
	AllCompleted   When = "ALL_COMPLETED"
)

// An argument is one element of an operation's written form, after its name.
type argument int

const (
	text         argument = iota // Text
	number                       // Number, any
	count                        // Number, not negative
	milliseconds                 // Number, not negative
	deadline                     // Number in milliseconds, or null for Unlimited
	immediate                    // Immediate
	names                        // Names
	when                         // When
	body                         // Body
	handlers                     // Handlers
	task                         // Target, as all that follow
	future
	event
	semaphoric // what is acquired and released
	queue
	condition
	barrier
)

// targets holds the kinds of objects that an argument may name.
var targets = map[argument][]Kind{
	future:     {Future},
	event:      {Event},
	semaphoric: {Lock, Semaphore, BoundedSemaphore, Condition},
	queue:      {Queue, LIFOQueue, PriorityQueue},
	condition:  {Condition},
	barrier:    {Barrier},
}

// arguments is the language: the operations and what follows each one's name.
var arguments = map[string][]argument{
	"log":           {text},
	"spawn":         {task},
	"cancel":        {task},
	"done":          {task},
	"set":           {future, number},
	"fail":          {future, text},
	"cancel_future": {future},
	"event_set":     {event},
	"event_clear":   {event},
	"put_nowait":    {queue, number},
	"get_nowait":    {queue},
	"task_done":     {queue},
	"shutdown":      {queue, immediate},
	"release":       {semaphoric},
	"notify":        {condition, count},
	"barrier_reset": {barrier},
	"barrier_abort": {barrier},
	"raise":         {text},
	"return":        {number},
	"call_soon":     {text},
	"call_later":    {milliseconds, text},
	"sleep":         {milliseconds},
	"await":         {task},
	"wait_future":   {future},
	"event_wait":    {event},
	"acquire":       {semaphoric},
	"with":          {semaphoric, body},
	"cond_wait":     {condition},
	"barrier_wait":  {barrier},
	"put":           {queue, number},
	"get":           {queue},
	"join":          {queue},
	"gather":        {names},
	"wait":          {names, when, deadline},
	"as_completed":  {names},
	"timeout":       {milliseconds, body},
	"group":         {names, body},
	"try":           {body, handlers},
}

// lists returns the lists of operations inside op, for reading and for replacing.
func (op *Op) lists() []*[]Op {
	return []*[]Op{&op.Body, &op.Handlers.Error, &op.Handlers.Cancel, &op.Handlers.Finally}
}

// All yields every operation of s, those inside others after the one they are in.
func (s *Scenario) All() iter.Seq[*Op] {
	return func(yield func(*Op) bool) {
		for i := range s.Tasks {
			if !eachOp(s.Tasks[i].Ops, yield) {
				return
			}
		}
	}
}

func eachOp(ops []Op, yield func(*Op) bool) bool {
	for i := range ops {
		if !yield(&ops[i]) {
			return false
		}
		for _, list := range ops[i].lists() {
			if !eachOp(*list, yield) {
				return false
			}
		}
	}
	return true
}
