package executor

import (
	"crypto/sha256"
	"encoding/hex"
)

// deaths are the inputs that have killed workers, at most maxDeaths of them: the
// oldest is forgotten first.
type deaths struct {
	known map[deathKey]*deathRecord
	order []deathKey
}

type deathKey struct {
	function string
	input    [sha256.Size]byte
}

type deathRecord struct {
	count int
	last  error
}

const maxDeaths = 1024

func keyOf(j *job) deathKey {
	return deathKey{j.invocation.Function(), sha256.Sum256(j.input)}
}

// add counts a death, and returns the error that refuses the input if it was one
// too many.
func (d *deaths) add(j *job, err error, limit int) error {
	key := keyOf(j)
	record := d.known[key]
	if record == nil {
		if d.known == nil {
			d.known = map[deathKey]*deathRecord{}
		}
		if len(d.order) == maxDeaths {
			delete(d.known, d.order[0])
			d.order = append(d.order[:0], d.order[1:]...)
		}
		record = &deathRecord{}
		d.known[key] = record
		d.order = append(d.order, key)
	}
	record.count++
	record.last = err
	return d.refusal(j, key, record, limit)
}

// refuse returns the error of a job whose input is not run any more.
func (d *deaths) refuse(j *job, limit int) error {
	if len(d.known) == 0 {
		return nil // most pools never hash an input
	}
	key := keyOf(j)
	if record := d.known[key]; record != nil {
		return d.refusal(j, key, record, limit)
	}
	return nil
}

func (d *deaths) refusal(j *job, key deathKey, record *deathRecord, limit int) error {
	if record.count < limit {
		return nil
	}
	return &RefusedError{
		Function: key.function, Label: j.invocation.Label(), Input: hex.EncodeToString(key.input[:4]), Deaths: record.count, Last: record.last,
	}
}
