package executor

const supported = true
