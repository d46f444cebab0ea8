// npm's ws as a peer: `node peer.mjs client URL` talks to an echo server,
// `node peer.mjs wait URL` says how the server closes, `node peer.mjs server` is one
// and prints its address.
import { WebSocket, WebSocketServer } from 'ws';
import { once } from 'node:events';

const [, , mode, url] = process.argv;
const options = { perMessageDeflate: { threshold: 1 }, maxPayload: 8 << 20 };
const fail = (what) => { console.log('failed: ' + what); process.exit(1); };

if (mode === 'server') {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => {
      if (!binary && data.toString() === 'ping me') socket.ping('x');
      socket.send(data, { binary });
    });
    socket.on('error', () => {});
  });
  await once(server, 'listening');
  console.log('127.0.0.1:' + server.address().port);
} else if (mode === 'wait') {
  const socket = new WebSocket(url, options);
  await once(socket, 'open');
  console.log('open');
  const [code] = await once(socket, 'close');
  console.log('closed ' + code);
} else {
  const socket = new WebSocket(url, ['echo'], options);
  await once(socket, 'open');
  if (socket.protocol !== 'echo') fail('subprotocol ' + socket.protocol);
  for (const size of [0, 1, 125, 126, 65535, 65536, 1000000]) {
    for (const sent of ['κ'.repeat(size), Buffer.alloc(size, 'abc')]) {
      const echo = once(socket, 'message');
      socket.send(sent);
      const [data, binary] = await echo;
      if (binary !== Buffer.isBuffer(sent) || !data.equals(Buffer.from(sent))) fail('message of ' + size);
    }
  }
  const fragments = once(socket, 'message');
  socket.send('frag', { fin: false });
  const pong = once(socket, 'pong');
  socket.ping('hello');
  if ((await pong)[0].toString() !== 'hello') fail('pong');
  socket.send('ments', { fin: true });
  if ((await fragments)[0].toString() !== 'fragments') fail('fragments');
  const closed = once(socket, 'close');
  socket.close(4000, 'bye');
  const [code, reason] = await closed;
  if (code !== 4000 || reason.toString() !== 'bye') fail('close ' + code + ' ' + reason);
  console.log('compressed: ' + (socket.extensions !== ''));
}
