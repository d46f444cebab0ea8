// An echo server on epoll, one loop a thread: the limit of what readiness can do.
// usage: epoll --loops N; prints its port, ends when standard input closes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 512, CHUNK = 64 * 1024 };

// What a peer has not taken yet. An idle connection holds none.
struct backlog {
	size_t at, end;
	char bytes[];
};

struct connection {
	int fd;
	struct backlog *backlog;
};

struct loop {
	int listener, epoll;
	char chunk[CHUNK];
};

static void die(const char *what) {
	perror(what);
	exit(1);
}

static int listen_on(uint16_t port) {
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0)
		die("listen");
	return fd;
}

static void drop(struct connection *c) {
	close(c->fd);
	free(c->backlog);
	free(c);
}

static void accept_all(struct loop *loop) {
	for (;;) {
		int one = 1;
		int fd = accept4(loop->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		struct connection *c = calloc(1, sizeof *c);
		struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
		if (!c)
			die("calloc");
		c->fd = fd;
		if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
			drop(c);
	}
}

// Sends what an earlier call could not; 1 when all is gone, 0 when the peer must read first, -1 on an error.
static int flush(struct connection *c) {
	struct backlog *b = c->backlog;
	while (b->at < b->end) {
		ssize_t n = send(c->fd, b->bytes + b->at, b->end - b->at, MSG_NOSIGNAL);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN ? 0 : -1;
		}
		b->at += n;
	}
	free(b);
	c->backlog = NULL;
	return 1;
}

// One write a read; what the peer does not take is kept, and nothing more is read until it is gone.
static int echo(struct connection *c, const char *bytes, size_t size) {
	ssize_t n;
	do
		n = send(c->fd, bytes, size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		if (errno != EAGAIN)
			return -1;
		n = 0;
	}
	if ((size_t)n == size)
		return 1;
	c->backlog = malloc(sizeof *c->backlog + size - n);
	if (!c->backlog)
		return -1;
	c->backlog->at = 0;
	c->backlog->end = size - n;
	memcpy(c->backlog->bytes, bytes + n, size - n);
	return 0;
}

// Edge-triggered: reads until a short read, which means the socket is empty, unless the peer has hung up.
static void handle(struct loop *loop, struct connection *c, uint32_t events) {
	if (c->backlog) {
		int gone = flush(c);
		if (gone < 0)
			drop(c);
		if (gone <= 0)
			return;
		events |= EPOLLIN | EPOLLRDHUP; // what the edge told meanwhile is lost
	}
	if (!(events & ~EPOLLOUT))
		return;
	for (;;) {
		ssize_t n = recv(c->fd, loop->chunk, CHUNK, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			drop(c);
			return;
		}
		int sent = echo(c, loop->chunk, n);
		if (sent < 0)
			drop(c);
		if (sent <= 0)
			return;
		if (n < CHUNK && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
			return;
	}
}

static void *run(void *argument) {
	struct loop *loop = argument;
	struct epoll_event events[EVENTS];
	for (;;) {
		int n = epoll_wait(loop->epoll, events, EVENTS, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				handle(loop, events[i].data.ptr, events[i].events);
			else
				accept_all(loop);
		}
	}
	return NULL;
}

int main(int argc, char **argv) {
	int loops = argc == 3 && !strcmp(argv[1], "--loops") ? atoi(argv[2]) : 0;
	if (loops < 1) {
		fprintf(stderr, "usage: epoll --loops N\n");
		return 2;
	}
	uint16_t port = 0;
	for (int i = 0; i < loops; i++) {
		struct loop *loop = calloc(1, sizeof *loop);
		struct epoll_event event = {.events = EPOLLIN};
		struct sockaddr_in address;
		socklen_t size = sizeof address;
		pthread_t thread;
		if (!loop)
			die("calloc");
		loop->listener = listen_on(port);
		getsockname(loop->listener, (struct sockaddr *)&address, &size);
		port = ntohs(address.sin_port);
		loop->epoll = epoll_create1(EPOLL_CLOEXEC);
		if (loop->epoll < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->listener, &event) < 0)
			die("epoll");
		if ((errno = pthread_create(&thread, NULL, run, loop)))
			die("pthread_create");
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
