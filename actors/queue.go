package actors

const (
	queueStart = 2  // slots of a queue's first buffer
	queueKeep  = 64 // slots that an empty queue may keep
)

// queue is a ring, oldest first. The zero queue is empty and holds no memory.
type queue[T any] struct {
	ring  []T
	head  int
	count int
}

func (q *queue[T]) push(item T) {
	if q.count == len(q.ring) {
		grown := make([]T, max(queueStart, 2*len(q.ring)))
		n := copy(grown, q.ring[q.head:])
		copy(grown[n:], q.ring[:q.head])
		q.ring, q.head = grown, 0
	}
	q.ring[(q.head+q.count)&(len(q.ring)-1)] = item
	q.count++
}

// pushFirst puts an item before all others.
func (q *queue[T]) pushFirst(item T) {
	var none T
	q.push(none) // whose slot becomes free again
	q.head = (q.head - 1) & (len(q.ring) - 1)
	q.ring[q.head] = item
}

// pop takes the oldest item of a queue that is not empty.
func (q *queue[T]) pop() T {
	var none T
	item := q.ring[q.head]
	q.ring[q.head] = none
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.count--
	if q.count == 0 && len(q.ring) > queueKeep {
		*q = queue[T]{}
	}
	return item
}

// at is the item before which i others are taken.
func (q *queue[T]) at(i int) T { return q.ring[(q.head+i)&(len(q.ring)-1)] }
