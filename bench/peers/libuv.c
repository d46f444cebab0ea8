// An echo server on libuv, one loop. usage: libuv --loops 1; prints its port, ends when standard input closes.
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

// What a peer has not taken yet, with the request that sends it.
struct backlog {
	uv_write_t request;
	char bytes[];
};

static char chunk[64 * 1024]; // for every read: echoed, or copied, before the next one

static void check(int status, const char *what) {
	if (status < 0) {
		fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
		exit(1);
	}
}

static void closed(uv_handle_t *connection) { free(connection); }

static void drop(uv_stream_t *connection) {
	if (!uv_is_closing((uv_handle_t *)connection))
		uv_close((uv_handle_t *)connection, closed);
}

static void allocate(uv_handle_t *connection, size_t suggested, uv_buf_t *buffer) {
	(void)connection, (void)suggested;
	*buffer = uv_buf_init(chunk, sizeof chunk);
}

static void got(uv_stream_t *connection, ssize_t n, const uv_buf_t *buffer);

static void written(uv_write_t *request, int status) {
	uv_stream_t *connection = request->handle;
	free(request->data);
	if (status < 0 || uv_read_start(connection, allocate, got) < 0)
		drop(connection);
}

// One write a read; what the peer does not take is kept, and nothing more is read until it is gone.
static void got(uv_stream_t *connection, ssize_t n, const uv_buf_t *buffer) {
	if (n <= 0) {
		if (n < 0)
			drop(connection);
		return;
	}
	uv_buf_t bytes = uv_buf_init(buffer->base, n);
	int sent = uv_try_write(connection, &bytes, 1);
	if (sent == n)
		return;
	if (sent == UV_EAGAIN)
		sent = 0;
	struct backlog *rest = sent < 0 ? NULL : malloc(sizeof *rest + n - sent);
	if (!rest) {
		drop(connection);
		return;
	}
	memcpy(rest->bytes, buffer->base + sent, n - sent);
	rest->request.data = rest;
	bytes = uv_buf_init(rest->bytes, n - sent);
	uv_read_stop(connection);
	if (uv_write(&rest->request, connection, &bytes, 1, written) < 0) {
		free(rest);
		drop(connection);
	}
}

static void connected(uv_stream_t *listener, int status) {
	if (status < 0)
		return;
	uv_tcp_t *connection = malloc(sizeof *connection);
	if (!connection)
		return;
	uv_tcp_init(listener->loop, connection);
	if (uv_accept(listener, (uv_stream_t *)connection) < 0) {
		drop((uv_stream_t *)connection);
		return;
	}
	uv_tcp_nodelay(connection, 1);
	if (uv_read_start((uv_stream_t *)connection, allocate, got) < 0)
		drop((uv_stream_t *)connection);
}

static void *control(void *unused) {
	char line[64];
	while (fgets(line, sizeof line, stdin)) { // "settle": give free memory back
		malloc_trim(0);
		printf("settled\n");
		fflush(stdout);
	}
	exit(0);
	return unused;
}

int main(int argc, char **argv) {
	if (argc != 3 || strcmp(argv[1], "--loops") || strcmp(argv[2], "1")) {
		fprintf(stderr, "usage: libuv --loops 1\n");
		return 2;
	}
	uv_tcp_t listener;
	struct sockaddr_in address;
	int size = sizeof address;
	pthread_t thread;
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_init(uv_default_loop(), &listener);
	check(uv_tcp_bind(&listener, (struct sockaddr *)&address, 0), "bind");
	check(uv_listen((uv_stream_t *)&listener, 4096, connected), "listen");
	check(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size), "getsockname");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	if (pthread_create(&thread, NULL, control, NULL))
		return 1;
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
