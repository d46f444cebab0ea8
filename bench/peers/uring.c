// An echo server on io_uring, one ring a thread: one call submits and collects everything that is due, accepts and
// receives stay armed, and the kernel picks a buffer for each receive.
// usage: uring --loops N; prints its port, ends when standard input closes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENTRIES = 4096, BUFFERS = 1024, CHUNK = 2048, GROUP = 0, NONE = -1 };

enum operation { ACCEPT, RECEIVE, SEND }; // in the low bits of what a completion carries

// A received buffer that is to be sent, in the order of its connection.
struct piece {
	uint32_t at, end;
	int next;
};

struct connection {
	int fd;
	int first, last; // pieces to send; the first is on its way
	unsigned closing : 1, failed : 1, receiving : 1, starved : 1;
	struct connection *next_starved;
};

struct loop {
	int listener;
	struct io_uring ring;
	struct io_uring_buf_ring *buffers;
	char *memory;
	struct piece pieces[BUFFERS];
	struct connection *starved; // whose receive found no buffer
};

static void die(const char *what, int error) {
	fprintf(stderr, "%s: %s\n", what, strerror(error));
	exit(1);
}

static int listen_on(uint16_t port) {
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0)
		die("listen", errno);
	return fd;
}

static struct io_uring_sqe *prepare(struct loop *loop) {
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);
	if (!sqe) { // the queue is full: submit what it has
		io_uring_submit(&loop->ring);
		sqe = io_uring_get_sqe(&loop->ring);
	}
	if (!sqe)
		die("submission queue", EBUSY);
	return sqe;
}

static void mark(struct io_uring_sqe *sqe, struct connection *c, enum operation operation) {
	io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)c | operation);
}

static void accept_on(struct loop *loop) {
	struct io_uring_sqe *sqe = prepare(loop);
	io_uring_prep_multishot_accept(sqe, loop->listener, NULL, NULL, SOCK_CLOEXEC);
	mark(sqe, NULL, ACCEPT);
}

static void receive(struct loop *loop, struct connection *c) {
	struct io_uring_sqe *sqe = prepare(loop);
	io_uring_prep_recv_multishot(sqe, c->fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	mark(sqe, c, RECEIVE);
	c->receiving = 1;
}

static void send_first(struct loop *loop, struct connection *c) {
	struct piece *p = &loop->pieces[c->first];
	struct io_uring_sqe *sqe = prepare(loop);
	io_uring_prep_send(sqe, c->fd, loop->memory + (size_t)c->first * CHUNK + p->at, p->end - p->at, MSG_NOSIGNAL);
	mark(sqe, c, SEND);
}

static void give_back(struct loop *loop, int buffer) {
	io_uring_buf_ring_add(loop->buffers, loop->memory + (size_t)buffer * CHUNK, CHUNK, buffer,
			      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(loop->buffers, 1);
	struct connection *c = loop->starved;
	if (c) {
		loop->starved = c->next_starved;
		c->starved = 0;
		receive(loop, c);
	}
}

// Frees a connection once nothing of it is on its way.
static void end_if_idle(struct connection *c) {
	if (c->closing && !c->receiving && !c->starved && c->first == NONE) {
		close(c->fd);
		free(c);
	}
}

static void fail(struct connection *c) {
	shutdown(c->fd, SHUT_RDWR); // ends the receive
	c->closing = c->failed = 1;
}

static void accepted(struct loop *loop, struct io_uring_cqe *cqe) {
	int one = 1;
	if (!(cqe->flags & IORING_CQE_F_MORE))
		accept_on(loop);
	if (cqe->res < 0)
		return;
	struct connection *c = calloc(1, sizeof *c);
	if (!c)
		die("calloc", ENOMEM);
	c->fd = cqe->res;
	c->first = c->last = NONE;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	receive(loop, c);
}

static void received(struct loop *loop, struct connection *c, struct io_uring_cqe *cqe) {
	c->receiving = (cqe->flags & IORING_CQE_F_MORE) != 0;
	if (cqe->res > 0) {
		int buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
		loop->pieces[buffer] = (struct piece){.end = cqe->res, .next = NONE};
		if (c->first == NONE) {
			c->first = c->last = buffer;
			send_first(loop, c);
		} else {
			loop->pieces[c->last].next = buffer;
			c->last = buffer;
		}
	}
	if (c->receiving)
		return;
	if (cqe->res == -ENOBUFS && !c->closing) {
		c->starved = 1;
		c->next_starved = loop->starved;
		loop->starved = c;
	} else if (cqe->res > 0 && !c->closing) {
		receive(loop, c);
	} else { // the end, or an error; what came before it is still echoed
		c->closing = 1;
		end_if_idle(c);
	}
}

static void sent(struct loop *loop, struct connection *c, struct io_uring_cqe *cqe) {
	struct piece *p = &loop->pieces[c->first];
	if (cqe->res < 0 && cqe->res != -EAGAIN && cqe->res != -EINTR) {
		fail(c);
		p->at = p->end;
	} else if (cqe->res > 0) {
		p->at += cqe->res;
	}
	while (c->first != NONE && (c->failed || loop->pieces[c->first].at == loop->pieces[c->first].end)) {
		int done = c->first;
		c->first = loop->pieces[done].next;
		give_back(loop, done);
	}
	if (c->first != NONE)
		send_first(loop, c);
	else
		end_if_idle(c);
}

static void *run(void *argument) {
	struct loop *loop = argument;
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
		.cq_entries = 4 * ENTRIES,
	};
	int error = io_uring_queue_init_params(ENTRIES, &loop->ring, &params);
	if (error < 0)
		die("io_uring_setup", -error);
	struct io_uring_buf_reg group = {.ring_entries = BUFFERS, .bgid = GROUP};
	loop->buffers = mmap(NULL, BUFFERS * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	loop->memory = mmap(NULL, (size_t)BUFFERS * CHUNK, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if (loop->buffers == MAP_FAILED || loop->memory == MAP_FAILED)
		die("mmap", errno);
	group.ring_addr = (uintptr_t)loop->buffers;
	error = io_uring_register_buf_ring(&loop->ring, &group, 0);
	if (error < 0)
		die("buffer ring", -error);
	io_uring_buf_ring_init(loop->buffers);
	for (int i = 0; i < BUFFERS; i++)
		give_back(loop, i);
	accept_on(loop);
	for (;;) {
		error = io_uring_submit_and_wait(&loop->ring, 1);
		if (error < 0 && error != -EINTR && error != -EBUSY)
			die("io_uring_enter", -error);
		unsigned head, seen = 0;
		struct io_uring_cqe *cqe;
		io_uring_for_each_cqe(&loop->ring, head, cqe) {
			uint64_t data = io_uring_cqe_get_data64(cqe);
			struct connection *c = (void *)(uintptr_t)(data & ~(uint64_t)3);
			switch ((enum operation)(data & 3)) {
			case ACCEPT:
				accepted(loop, cqe);
				break;
			case RECEIVE:
				received(loop, c, cqe);
				break;
			case SEND:
				sent(loop, c, cqe);
				break;
			}
			seen++;
		}
		io_uring_cq_advance(&loop->ring, seen);
	}
	return NULL;
}

int main(int argc, char **argv) {
	int loops = argc == 3 && !strcmp(argv[1], "--loops") ? atoi(argv[2]) : 0;
	if (loops < 1) {
		fprintf(stderr, "usage: uring --loops N\n");
		return 2;
	}
	uint16_t port = 0;
	for (int i = 0; i < loops; i++) {
		struct loop *loop = calloc(1, sizeof *loop);
		struct sockaddr_in address;
		socklen_t size = sizeof address;
		pthread_t thread;
		if (!loop)
			die("calloc", ENOMEM);
		loop->listener = listen_on(port);
		getsockname(loop->listener, (struct sockaddr *)&address, &size);
		port = ntohs(address.sin_port);
		if ((errno = pthread_create(&thread, NULL, run, loop)))
			die("pthread_create", errno);
	}
	printf("%d\n", port);
	fflush(stdout);
	char line[64];
	while (fgets(line, sizeof line, stdin)) { // "settle": give free memory back
		malloc_trim(0);
		printf("settled\n");
		fflush(stdout);
	}
	return 0;
}
