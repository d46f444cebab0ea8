package driver

// The states by which the Wait and the Wake of a driver agree.
const (
	awake  int32 = iota // no Wait is parked
	parked              // a Wait is parked, or about to be, and its deadline is set
	idle                // the same of a Wait that nothing watched can end
	woken               // a Wake came that no Wait has answered
)
