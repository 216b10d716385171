// One run of the measurements over a log of so many events; see run.
import {spawnSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import net from 'node:net';
import {folder, makeLog, dashboard, signIn, remove, pause} from '../../browser/help.mjs';

const events = Number(process.argv[2] ?? 100000);
const at = folder();
const kept = process.env.LOG; // a log of so many events that was made before
const log = kept ?? join(at, 'log.db');
const rows = [];
const row = (what, measured, goal, good) => rows.push({what, measured, goal, met: good ? 'yes' : 'NO'});

const rank = (times, part) => [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))];
const resident = pid => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
const cpu = pid => { const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '); return (Number(words[11]) + Number(words[12])) / 100; };
const spent = async () => Number((await (await fetch(`${server.origin}/metrics`)).text()).match(/answer_seconds_total ([\d.e+-]+)/)[1]);

let started = Date.now();
if (!kept) await makeLog(log, events);
const written = Date.now() - started;
started = Date.now();
let server = await dashboard(log, ['--reviews', join(at, 'reviews.db')]);
let cookie = await signIn(server);
const get = path => fetch(server.origin + path, {headers: {Cookie: cookie}});
const json = async path => (await get(path)).json();
for (;;) { const status = await json('/api/status'); if (status.indexed === status.alert) break; await pause(50); }
console.log(`log of ${events} events written in ${(written / 1000).toFixed(1)} s, all alerts in the inbox after ${((Date.now() - started) / 1000).toFixed(1)} s`);

// Time in the server, by its own clock, a request at a time.
// `path` gives the path of the i-th request: no two in a row are the same, so that none is answered from what is kept.
async function server_time(name, path) {
  const times = [];
  for (let i = 0; i < 300; i++) {
    const before = await spent();
    await (await get(path(i))).arrayBuffer();
    times.push((await spent() - before) * 1000);
  }
  const p99 = rank(times, 0.99);
  row(`${name}: time in the server, p50 / p99`, `${rank(times, 0.5).toFixed(2)} / ${p99.toFixed(2)} ms`, '10 ms', p99 <= 10);
}

const some = (await json('/api/alerts?limit=1')).alerts[0].id;
await server_time('inbox, grouped', i => `/api/alerts?state=open&group=1&limit=${60 - i % 20}`);
await server_time('50 prohibited alerts', i => `/api/alerts?state=open&verdict=PROH&limit=${60 - i % 20}`);
await server_time('one alert', () => `/api/alerts/${some}`);
await server_time('map of 24 h', i => `/api/flows?range=24h&limit=${60 - i % 20}`);
await server_time('map of a year', i => `/api/flows?range=365d&limit=${60 - i % 20}`);
await server_time('histogram of 30 days', i => `/api/histogram?range=30d&limit=${60 - i % 20}`);
await server_time('histogram of 24 hours', i => `/api/histogram?range=24h&limit=${60 - i % 20}`);
// Looking back: the first look counts the log, the others go from moment to moment.
const uncounted = resident(server.child.pid);
started = Date.now();
let slices = 1;
while (!(await json('/api/replay')).entry) slices++;
console.log(`counted for the replay page in ${((Date.now() - started) / 1000).toFixed(1)} s, ${slices} requests, ${(resident(server.child.pid) - uncounted).toFixed(1)} MB`);
let moment = 0;
await server_time('replay, from entry to entry', () => `/api/flows?as_of=${Math.floor(events * ((moment = (moment + 0.382) % 1)) + 1)}`);
await server_time('replay, its inbox', () => `/api/alerts?group=1&as_of=${Math.floor(events * ((moment = (moment + 0.382) % 1)) + 1)}`);
await server_time('entries, from the middle', i => `/api/events?before=${Math.floor(events / 2) - i}`);

// CSV of everything: memory must not grow with it.
const memory = resident(server.child.pid);
started = Date.now();
let bytes = 0, highest = 0;
for await (const part of (await get('/api/export.csv?what=events')).body) { bytes += part.length; if (bytes % 64 < 2) highest = Math.max(highest, resident(server.child.pid)); }
highest = Math.max(highest, resident(server.child.pid));
row(`CSV of ${events} rows: growth of memory`, `${(highest - memory).toFixed(1)} MB, ${(bytes / 1e6).toFixed(0)} MB in ${((Date.now() - started) / 1000).toFixed(1)} s`, '4 MB', highest - memory <= 4);

// The same list again and again, as pages do after an alert; then lists that nobody asked for before.
const changing = join(at, 'changing.lua');
writeFileSync(changing, 'local n = 0\nrequest = function()\n  n = n + 1\n  return wrk.format("GET", wrk.path .. "&limit=" .. (40 + n % 20))\nend\n');
for (const [name, options] of [['the same', []], ['each made anew', ['-s', changing]]]) {
  const before = cpu(server.child.pid);
  const wrk = spawnSync('wrk', ['-t1', '-c16', '-d3', '-H', `Cookie: ${cookie}`, ...options, `${server.origin}/api/alerts?state=open&group=1`], {encoding: 'utf8'});
  if (wrk.status !== 0) continue;
  const rate = Number(wrk.stdout.match(/(\d+) requests in/)[1]) / (cpu(server.child.pid) - before);
  row(`JSON list, ${name}: requests for each second of one core (wrk -t1 -c16)`, rate.toFixed(0), '5000', rate >= 5000);
}
await server.stop();

// 300 live pages while a writer commits an event each 25 ms (10 of 40 a second are alerts).
const live = join(at, 'live.db');
const writer = await makeLog(live, 5000, {follow: 25});
server = await dashboard(live);
cookie = await signIn(server);
const sockets = [], delays = [];
let received = 0;
for (let i = 0; i < 300; i++) {
  const socket = net.connect(server.port, '127.0.0.1', () => socket.write(`GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nCookie: ${cookie}\r\n\r\n`));
  socket.on('data', part => {
    const text = part.toString();
    for (const found of text.matchAll(/"logged":(\d+)/g)) {
      if (text.includes('event: alert')) { received++; if (i === 0) delays.push(Date.now() - Number(found[1])); }
    }
  });
  sockets.push(socket);
}
await pause(2000);
delays.length = 0;
const before = cpu(server.child.pid);
const from = Date.now();
await pause(10000);
const share = (cpu(server.child.pid) - before) / ((Date.now() - from) / 1000) * 100;
const now = resident(server.child.pid);
row('300 live pages: memory of the server', `${now.toFixed(1)} MB`, '20 MB', now <= 20);
row('300 live pages at 10 alerts a second: one core', `${share.toFixed(1)} %`, '10 %', share <= 10);
const fresh = delays.filter(ms => ms >= 0 && ms < 10000);
row('an alert reaches the page after its commit, p50 / p99', `${rank(fresh, 0.5)} / ${rank(fresh, 0.99)} ms of ${fresh.length}`, '100 ms', rank(fresh, 0.99) <= 100);
row('alerts delivered', String(received), 'all', received >= 300 * fresh.length * 0.95);
sockets.forEach(socket => socket.destroy());
await server.stop();
await writer.stop();
remove(at);
console.table(rows);
