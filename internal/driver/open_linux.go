package driver

// system holds this system's drivers, the default first.
var system = []named{
	{"epoll", openEpoll},
	{"portable", openPortable},
	{"simulated", openSimulated},
}
