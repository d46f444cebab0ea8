// Node's http module, for the http suite. Writes its port; ends with its input.
import http from "node:http";

const serves = process.argv[1];
const handlers = {
  plaintext(request, response) {
    response.setHeader("Content-Type", "text/plain");
    response.end("Hello, World!");
  },
  json(request, response) {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ message: "Hello, World!", numbers: [1, 2, 3] }));
  },
  post(request, response) {
    let length = 0;
    request.on("data", (piece) => { length += piece.length; });
    request.on("end", () => {
      response.setHeader("Content-Type", "text/plain");
      response.end(String(length));
    });
  },
};
const server = http.createServer(handlers[serves]);
server.keepAliveTimeout = 120_000; // longer than the others' turns
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("data", () => console.log("settled"));
process.stdin.on("end", () => process.exit(0));
