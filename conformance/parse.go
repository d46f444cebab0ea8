package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

const (
	maxNesting = 64            // operations inside operations
	maxNumber  = math.MaxInt32 // of anything, and the negative of it: sums of times stay far from overflow
)

// Parse reads a scenario from its JSON form. What it returns is valid: names are those of tasks and objects of the right
// kind, numbers are in range, and a return or a cancel handler stands only where it may.
func Parse(data []byte) (Scenario, error) {
	var s Scenario
	if err := s.UnmarshalJSON(data); err != nil {
		return Scenario{}, err
	}
	return s, nil
}

// UnmarshalJSON reads what [Parse] reads.
func (s *Scenario) UnmarshalJSON(data []byte) error {
	parts, err := members(data)
	if err != nil {
		return err
	}
	p := parser{objects: map[string]Object{}, tasks: map[string]bool{}}
	var tasks json.RawMessage
	named := false
	for _, part := range parts {
		switch part.key {
		case "name":
			named = true
			if p.scenario.Name, err = parseString(part.value); err != nil {
				return fmt.Errorf("name: %w", err)
			}
		case "objects":
			if err := p.parseObjects(part.value); err != nil {
				return fmt.Errorf("objects: %w", err)
			}
		case "tasks":
			tasks = part.value
		}
	}
	if !named {
		return errors.New("the scenario has no name")
	}
	if tasks == nil {
		return errors.New("the scenario has no tasks")
	}
	// Last, for their operations name objects.
	if err := p.parseTasks(tasks); err != nil {
		return fmt.Errorf("tasks: %w", err)
	}
	*s = p.scenario
	return nil
}

type parser struct {
	scenario Scenario
	objects  map[string]Object
	tasks    map[string]bool
}

func (p *parser) parseObjects(data []byte) error {
	parts, err := members(data)
	if err != nil {
		return err
	}
	for _, part := range parts {
		o, err := parseObject(part.key, part.value)
		if err != nil {
			return fmt.Errorf("%q: %w", part.key, err)
		}
		p.objects[o.Name] = o
		p.scenario.Objects = append(p.scenario.Objects, o)
	}
	return nil
}

func parseObject(name string, data []byte) (Object, error) {
	elements, err := parseList(data)
	if err != nil {
		return Object{}, err
	}
	if len(elements) == 0 {
		return Object{}, errors.New("it has no kind")
	}
	kind, err := parseString(elements[0])
	if err != nil {
		return Object{}, fmt.Errorf("kind: %w", err)
	}
	o := Object{Name: name, Kind: Kind(kind)}
	least, ok := smallest[o.Kind]
	if !ok {
		return Object{}, fmt.Errorf("unknown kind %q", kind)
	}
	want := 1
	if o.Kind.HasSize() {
		want = 2
	}
	if len(elements) != want {
		return Object{}, fmt.Errorf("a %s takes %d arguments, not %d", kind, want-1, len(elements)-1)
	}
	if o.Kind.HasSize() {
		if o.Size, err = parseNumber(elements[1], least); err != nil {
			return Object{}, fmt.Errorf("size of a %s: %w", kind, err)
		}
	}
	return o, nil
}

func (p *parser) parseTasks(data []byte) error {
	parts, err := members(data)
	if err != nil {
		return err
	}
	for _, part := range parts {
		p.tasks[part.key] = true
	}
	if !p.tasks[Main] {
		return fmt.Errorf("there is no %q", Main)
	}
	for _, part := range parts {
		ops, err := p.parseOps(part.value, place{top: true})
		if err != nil {
			return fmt.Errorf("%q: %w", part.key, err)
		}
		p.scenario.Tasks = append(p.scenario.Tasks, Task{Name: part.key, Ops: ops})
	}
	return nil
}

// A place is where a list of operations stands, which decides what may stand in it.
type place struct {
	top    bool // a task's own operations
	scoped bool // inside a timeout or a group
	depth  int
}

func (p *parser) parseOps(data []byte, at place) ([]Op, error) {
	if at.depth > maxNesting {
		return nil, fmt.Errorf("nested more than %d deep", maxNesting)
	}
	elements, err := parseList(data)
	if err != nil {
		return nil, err
	}
	ops := make([]Op, len(elements))
	for i, element := range elements {
		if err := p.parseOp(&ops[i], element, at); err != nil {
			return nil, fmt.Errorf("operation %d: %w", i+1, err)
		}
	}
	return ops, nil
}

func (p *parser) parseOp(op *Op, data []byte, at place) error {
	elements, err := parseList(data)
	if err != nil {
		return err
	}
	if len(elements) == 0 {
		return errors.New("it has no name")
	}
	if op.Name, err = parseString(elements[0]); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	wanted, ok := arguments[op.Name]
	if !ok {
		return fmt.Errorf("unknown operation %q", op.Name)
	}
	if op.Name == "return" && !at.top {
		return errors.New("return: it stands only at a task's top level")
	}
	if len(elements)-1 != len(wanted) {
		return fmt.Errorf("%s: it takes %d arguments, not %d", op.Name, len(wanted), len(elements)-1)
	}
	inside := place{scoped: at.scoped || op.Name == "timeout" || op.Name == "group", depth: at.depth + 1}
	for i, argument := range wanted {
		if err := p.parseArgument(op, argument, elements[i+1], inside); err != nil {
			return fmt.Errorf("%s: %w", op.Name, err)
		}
	}
	return nil
}

func (p *parser) parseArgument(op *Op, argument argument, data []byte, inside place) (err error) {
	switch argument {
	case text:
		op.Text, err = parseString(data)
	case number:
		op.Number, err = parseNumber(data, -maxNumber)
	case count, milliseconds:
		op.Number, err = parseNumber(data, 0)
	case deadline:
		if op.Unlimited = string(data) == "null"; !op.Unlimited {
			op.Number, err = parseNumber(data, 0)
		}
	case immediate:
		op.Immediate, err = parseBool(data)
	case names:
		op.Names, err = p.parseNames(data)
	case when:
		op.When, err = parseWhen(data)
	case body:
		op.Body, err = p.parseOps(data, inside)
	case handlers:
		err = p.parseHandlers(&op.Handlers, data, inside)
	case task:
		op.Target, err = p.parseTask(data)
	default:
		op.Target, err = p.parseTarget(data, targets[argument])
	}
	return err
}

func (p *parser) parseHandlers(h *Handlers, data []byte, inside place) error {
	parts, err := members(data)
	if err != nil {
		return err
	}
	for _, part := range parts {
		var list *[]Op
		switch part.key {
		case "error":
			list = &h.Error
		case "cancel":
			list = &h.Cancel
			if inside.scoped {
				return errors.New("a cancel handler stands only outside timeout and group bodies")
			}
		case "finally":
			list = &h.Finally
		default:
			return fmt.Errorf("unknown handler %q", part.key)
		}
		if *list, err = p.parseOps(part.value, inside); err != nil {
			return fmt.Errorf("%s: %w", part.key, err)
		}
	}
	return nil
}

func (p *parser) parseTask(data []byte) (string, error) {
	name, err := parseString(data)
	if err != nil {
		return "", err
	}
	if !p.tasks[name] {
		return "", fmt.Errorf("there is no task %q", name)
	}
	return name, nil
}

func (p *parser) parseTarget(data []byte, kinds []Kind) (string, error) {
	name, err := parseString(data)
	if err != nil {
		return "", err
	}
	o, ok := p.objects[name]
	if !ok {
		return "", fmt.Errorf("there is no object %q", name)
	}
	if !slices.Contains(kinds, o.Kind) {
		return "", fmt.Errorf("%q is of the kind %s", name, o.Kind)
	}
	return name, nil
}

func (p *parser) parseNames(data []byte) ([]string, error) {
	elements, err := parseList(data)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(elements))
	for i, element := range elements {
		if names[i], err = p.parseTask(element); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func parseWhen(data []byte) (When, error) {
	word, err := parseString(data)
	if err != nil {
		return "", err
	}
	switch w := When(word); w {
	case FirstCompleted, FirstException, AllCompleted:
		return w, nil
	}
	return "", fmt.Errorf("unknown end of a wait %q", word)
}
