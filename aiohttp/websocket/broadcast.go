//go:build unix && !aix

package websocket

import "iter"

// Broadcast sends a message to many connections and waits for none of them, as
// [Conn.WriteNoWait] does: it is framed once, and compressed at most once. What
// has ended is passed over; its Handler, or who reads it, hears of that. With a
// room that is a map:
//
//	websocket.Broadcast(maps.Keys(room), websocket.Text, data)
//
// It returns an error only for a message that cannot be sent to anybody.
func Broadcast(to iter.Seq[*Conn], t MessageType, data []byte) error {
	if err := check(t, data); err != nil {
		return err
	}
	p := Prepare(t, data)
	for c := range to {
		_ = c.WritePreparedNoWait(p)
	}
	return nil
}
