// Every path over a real socket: what it answers, and what it refuses.
import {test, before, after} from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import {join} from 'node:path';
import {spawn} from 'node:child_process';
import {renameSync} from 'node:fs';
import {once} from 'node:events';
import {folder, makeLog, dashboard, signIn, remove} from './help.mjs';

let at, server, cookie;

before(async () => {
  at = folder();
  await makeLog(join(at, 'log.db'), 20000);
  server = await dashboard(join(at, 'log.db'));
  cookie = await signIn(server);
});

after(async () => {
  assert.equal(await server.stop(), 0);
  remove(at);
});

const get = (path, headers = {}) => fetch(server.origin + path, {headers: {Cookie: cookie, ...headers}, redirect: 'manual'});
const json = async (path, headers) => (await get(path, headers)).json();
const post = (path, body, headers = {}) => fetch(server.origin + path, {
  method: 'POST', headers: {Cookie: cookie, 'Content-Type': 'application/json', ...headers}, body: typeof body === 'string' ? body : JSON.stringify(body),
});

// Sends bytes as they are and gives the status of the answer.
function raw(text) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setTimeout(5000, () => { socket.destroy(); reject(new Error('no answer')); });
    socket.on('data', part => { got += part; const line = got.match(/^HTTP\/1\.1 (\d+)/); if (line) { socket.destroy(); resolve(Number(line[1])); } });
    socket.on('close', () => resolve(got ? Number(got.split(' ')[1]) : 0));
    socket.on('error', () => resolve(0));
  });
}

const host = () => `Host: 127.0.0.1:${server.port}\r\nCookie: ${cookie}\r\n`;

test('every list and thing answers JSON with its fields', async () => {
  const alerts = await json('/api/alerts?state=open&group=1&limit=3');
  assert.equal(alerts.alerts.length, 3);
  assert.ok(alerts.next && alerts.counts.open > 100);
  for (const name of ['id', 'verdict', 'level', 'title', 'path', 'cite', 'duties', 'chain', 'ts', 'group', 'state', 'count', 'group_hops', 'synthetic']) {
    assert.ok(name in alerts.alerts[0], name);
  }
  const next = await json(`/api/alerts?state=open&group=1&limit=3&before=${alerts.next}`);
  assert.ok(Number(next.alerts[0].id) < Number(alerts.next));
  const alert = await json(`/api/alerts/${alerts.alerts[0].id}`);
  for (const name of ['sentence', 'path_hops', 'history', 'off_switch', 'policy', 'review']) assert.ok(name in alert, name);
  const flows = await json('/api/flows?range=24h');
  assert.ok(flows.nodes.length > 10 && flows.edges.length > 10 && flows.flows.length > 5);
  assert.equal(flows.to - flows.from, 25 * 36e5);
  const bins = await json('/api/histogram?range=30d');
  assert.ok(bins.bins.length > 20 && bins.bins.length <= 64 && bins.bins[0].length === 6);
  const events = await json('/api/events?limit=5&verdict=PROH');
  assert.equal(events.events.length, 5);
  assert.ok(events.events.every(event => event.verdict === 'PROH'));
  const event = await json(`/api/events/${events.events[0].id}`);
  assert.equal(event.digest.length, 64);
  assert.equal(JSON.parse(event.payload).specversion, '1.0');
  const status = await json('/api/status');
  assert.equal(status.entry, String((await json('/api/events?limit=1')).events[0].id));
  assert.equal(status.gaps, 1);
  assert.equal(status.missing, 3);
  assert.equal(status.role, 'custodian');
  assert.deepEqual((await json('/api/reviews')).history, []);
  assert.deepEqual((await json('/api/cases')).cases, []);
});

test('lists page by key: all alerts once, newest first', async () => {
  const seen = [];
  let next = '';
  do {
    const page = await json(`/api/alerts?limit=50${next && `&before=${next}`}`);
    seen.push(...page.alerts.map(alert => Number(alert.id)));
    next = page.next ?? '';
  } while (next);
  const head = Number((await json('/api/status')).alert);
  assert.equal(seen.length, head);
  assert.deepEqual(seen, [...seen].sort((a, b) => b - a));
});

test('the map, the matrix and the histogram count the same', async () => {
  const {flows} = await json('/api/flows?range=30d');
  const {bins} = await json('/api/histogram?range=30d');
  const crossings = flows.filter(flow => flow.level > 0 || flow.verdict !== 'NONE').reduce((sum, flow) => sum + flow.n, 0);
  assert.equal(bins.flat().reduce((sum, n) => sum + n, 0), crossings);
  const year = await json('/api/flows?range=365d');
  assert.equal(year.rollup, 'day');
  assert.equal(year.flows.reduce((sum, flow) => sum + flow.n, 0), Number((await json('/api/status')).entry));
});

test('what did not change is 304, what did is not', async () => {
  const first = await get('/api/alerts?limit=1');
  const tag = first.headers.get('etag');
  assert.equal((await get('/api/alerts?limit=1', {'If-None-Match': tag})).status, 304);
  const id = (await first.json()).alerts[0].id;
  assert.equal((await post('/api/reviews', {action: 'note', ids: [id], note: 'seen'})).status, 200);
  assert.equal((await get('/api/alerts?limit=1', {'If-None-Match': tag})).status, 200);
});

test('a list that is asked for again is not made again, until something changes', async () => {
  const kept = async () => Number((await (await fetch(`${server.origin}/metrics`)).text()).match(/answers_kept_total (\d+)/)[1]);
  const ask = async () => (await get('/api/alerts?state=open&group=1&limit=7')).text();
  const first = await ask(), before = await kept();
  assert.equal(await ask(), first);
  assert.equal(await kept(), before + 1);
  const {id} = JSON.parse(first).alerts[0];
  assert.equal((await post('/api/reviews', {action: 'escalate', ids: [id]})).status, 200);
  const second = await ask();
  assert.notEqual(second, first);
  assert.equal(await kept(), before + 1);
  assert.equal(JSON.parse(second).counts.open, JSON.parse(first).counts.open - 1);
  assert.equal((await post('/api/reviews', {action: 'reopen', ids: [id]})).status, 200);
});

test('integrity: what is missing, and what verify says of a log without a seal', async () => {
  const {gaps, refused, sources, losses, redactions} = await json('/api/integrity');
  assert.deepEqual([gaps.length, gaps[0].last - gaps[0].first + 1, gaps[0].filled], [1, 3, 0]);
  assert.equal(refused.length, 2);
  assert.ok(sources.length > 0 && Array.isArray(losses) && Array.isArray(redactions));
  const {silent, silent_count, read_from, read_to, entry} = await json('/api/integrity');
  assert.deepEqual([read_from, read_to, silent.length], ['1', entry, silent_count]);
  for (const source of silent) assert.ok(source.silent > source.longest && source.longest >= source.mean && sources.some(each => each.source === source.source));
  let found;
  do { found = await json('/api/verify'); await new Promise(resolve => setTimeout(resolve, 50)); } while (found.running);
  assert.equal(found.problem, '');
  assert.equal(found.result.state, 'not sealed');
  assert.equal(found.entry, found.of);
});

test('a parameter that is not understood is named', async () => {
  const answer = await get('/api/alerts?verdcit=PROH');
  assert.equal(answer.status, 400);
  const {error} = await answer.json();
  assert.equal(error.code, 'parameter');
  assert.match(error.message, /verdcit/);
  assert.match(error.hint, /verdict/);
  for (const bad of ['limit=201', 'level=9', 'before=0', 'range=soon', 'edge=..%2F..', 'src=%00', `q=${'x'.repeat(200)}`, Array(40).fill('limit=1').join('&')]) {
    assert.equal((await get(`/api/alerts?${bad}`)).status, 400, bad);
  }
});

test('every answer has the headers that protect the reader', async () => {
  for (const path of ['/', '/api/status', '/api/nothing', '/healthz']) {
    const answer = await get(path);
    const policy = answer.headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /require-trusted-types-for 'script'/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
  }
  // The ways in too: the link that opens the page, a link that is used up, a sign-in.
  for (const answer of [await fetch(server.link(), {redirect: 'manual'}), await fetch(server.url, {redirect: 'manual'}), await post('/api/login', {name: 'nobody', password: 'a long password'})]) {
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/, answer.url);
    assert.equal(answer.headers.get('x-frame-options'), 'DENY');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  }
  assert.equal((await get('/api/status')).headers.get('cache-control'), 'no-store');
  const page = await (await get('/')).text();
  const script = page.match(/\/a\/[0-9a-f]{12}\/app\.js/)[0];
  const asset = await get(script);
  assert.match(asset.headers.get('cache-control'), /immutable/);
  assert.match(asset.headers.get('content-type'), /^text\/javascript/);
});

test('methods: 405 says which there are', async () => {
  for (const [method, path, allow] of [['POST', '/api/alerts', 'GET, HEAD'], ['DELETE', '/api/reviews', 'GET, HEAD, POST'], ['GET', '/api/login', 'POST'], ['PUT', '/', 'GET, HEAD']]) {
    const answer = await fetch(server.origin + path, {method, headers: {Cookie: cookie}});
    assert.equal(answer.status, 405, `${method} ${path}`);
    assert.equal(answer.headers.get('allow'), allow);
  }
  const head = await fetch(`${server.origin}/api/status`, {method: 'HEAD', headers: {Cookie: cookie}});
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
});

test('paths: no way out of the table of files', async () => {
  const page = await (await get('/')).text();
  const hash = page.match(/\/a\/([0-9a-f]{12})\//)[1];
  for (const path of [`/a/${hash}/../../etc/passwd`, `/a/${hash}/%2e%2e/app.js`, `/a/${hash}/`, '/a/000000000000/app.js', '/../etc/passwd', '/api/alerts/0', '/api/alerts/1/..', '/api//alerts', '/nothing', '/api/events/99999999999999999999']) {
    assert.equal(await raw(`GET ${path} HTTP/1.1\r\n${host()}\r\n`), 404, path);
  }
  assert.equal((await get('/api/alerts/999999')).status, 404);
});

test('Host: one, and one of ours', async () => {
  assert.equal(await raw(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`), 200);
  assert.equal(await raw(`GET /healthz HTTP/1.1\r\nHost: localhost:${server.port}\r\n\r\n`), 200);
  assert.equal(await raw('GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n'), 421);
  assert.equal(await raw('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'), 421);
  assert.equal(await raw('GET /healthz HTTP/1.1\r\n\r\n'), 400);
  assert.equal(await raw(`GET /healthz HTTP/1.1\r\n${host()}Host: evil.example\r\n\r\n`), 400);
});

test('bodies: only where one belongs, JSON, and not too large', async () => {
  assert.equal(await raw(`GET /api/status HTTP/1.1\r\n${host()}Content-Length: 2\r\n\r\n{}`), 400);
  assert.equal(await raw(`POST /api/reviews HTTP/1.1\r\n${host()}Content-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`), 400);
  assert.equal((await post('/api/reviews', '{}', {'Content-Type': 'text/plain'})).status, 415);
  assert.equal((await post('/api/reviews', `{"action":"note","note":"${'x'.repeat(140000)}"}`)).status, 413);
  assert.equal(await raw(`POST /api/reviews HTTP/1.1\r\n${host()}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${`4000\r\n${'x'.repeat(0x4000)}\r\n`.repeat(9)}0\r\n\r\n`), 413);
  assert.equal(await raw(`GET /${'x'.repeat(40000)} HTTP/1.1\r\n${host()}\r\n`), 414);
  assert.equal(await raw(`GET /healthz HTTP/1.1\r\n${host()}X-Long: ${'x'.repeat(40000)}\r\n\r\n`), 431);
  assert.equal((await post('/api/reviews', '{"action":')).status, 400);
});

test('another site cannot review: Origin', async () => {
  const alert = (await json('/api/alerts?limit=1')).alerts[0].id;
  const body = {action: 'acknowledge', ids: [alert]};
  assert.equal((await post('/api/reviews', body, {Origin: 'http://evil.example'})).status, 403);
  assert.equal((await post('/api/reviews', body, {Origin: 'null'})).status, 403);
});

test('without a session: a door for people, a sentence for programs', async () => {
  const page = await fetch(`${server.origin}/`, {redirect: 'manual'});
  assert.equal(page.status, 401);
  assert.match(await page.text(), /Open the link/);
  for (const path of ['/api/status', '/api/alerts', '/api/live', '/api/export.csv?what=alerts']) assert.equal((await fetch(server.origin + path)).status, 401, path);
  assert.equal((await fetch(server.url, {redirect: 'manual'})).status, 403, 'a link works once');
  assert.equal((await fetch(`${server.origin}/open/guess`, {redirect: 'manual'})).status, 403);
  const forged = cookie.replace(/=./, '=_');
  assert.equal((await fetch(`${server.origin}/api/status`, {headers: {Cookie: forged}})).status, 401);
});

test('reviews: changed, skipped, conflict, undo, filter', async () => {
  const [first, second] = (await json('/api/alerts?verdict=PROH&limit=2')).alerts;
  const one = await (await post('/api/reviews', {action: 'acknowledge', ids: [first.id], note: 'known'})).json();
  assert.equal(one.changed, 1);
  assert.equal(one.by, 'm.ortiz');
  const again = await (await post('/api/reviews', {action: 'acknowledge', ids: [first.id, second.id]})).json();
  assert.deepEqual([again.changed, again.skipped], [1, 1]);
  const conflict = await post('/api/reviews', {action: 'escalate', ids: [first.id]}, {'If-Match': '"0"'});
  assert.equal(conflict.status, 409);
  assert.match((await conflict.json()).error.message, /m\.ortiz was first: acknowledge of alert/);
  const undone = await (await post('/api/reviews', {action: 'undo', batch: again.batch})).json();
  assert.equal(undone.changed, 1);
  assert.equal((await json(`/api/alerts/${second.id}`)).state, 'open');
  const alert = await json(`/api/alerts/${first.id}`);
  assert.equal(alert.state, 'acknowledged');
  assert.equal(alert.history[0].note, 'known');
  const before = (await json('/api/alerts?verdict=DISC')).counts.open;
  const bulk = await (await post('/api/reviews', {action: 'escalate', filter: 'verdict=DISC&state=open', seen: (await json('/api/status')).alert})).json();
  assert.equal(bulk.changed, before);
  const counts = (await json('/api/alerts?verdict=DISC')).counts;
  assert.deepEqual([counts.open, counts.escalated], [0, before]);
  assert.equal((await post('/api/reviews', {action: 'acknowledge', ids: ['999999']})).status, 404);
  assert.equal((await post('/api/reviews', {action: 'undo', batch: 424242})).status, 404);
});

test('cases: opened with a reason, each look recorded', async () => {
  const {chain} = (await json('/api/alerts?verdict=PROH&edge=E23&limit=1')).alerts[0];
  assert.equal((await get('/api/cases/OIG-2026-031/timeline')).status, 404);
  assert.equal((await post('/api/cases', {number: 'OIG-2026-031', reason: '', chains: [chain]})).status, 400);
  const opened = {number: 'OIG-2026-031', reason: 'Complaint of 12 November about a plate search', chains: [chain]};
  assert.equal((await post('/api/cases', opened)).status, 200);
  assert.equal((await post('/api/cases', opened)).status, 409);
  const timeline = await json('/api/cases/OIG-2026-031/timeline');
  assert.ok(timeline.path_hops.length >= 3);
  await json('/api/cases/OIG-2026-031/timeline');
  const [row] = (await json('/api/cases')).cases;
  assert.deepEqual([row.number, row.reads, row.actor], ['OIG-2026-031', 2, 'm.ortiz']);
});

test('exports: what the filter finds, whole, safe in a spreadsheet, and they say when they end', async () => {
  const {counts} = await json('/api/alerts?verdict=PROH&state=all');
  const all = counts.open + counts.escalated + counts.acknowledged + counts.closed;
  const answer = await get('/api/export.csv?what=alerts&verdict=PROH');
  assert.match(answer.headers.get('content-disposition'), /attachment; filename="sharewatch-alerts.csv"/);
  const lines = (await answer.text()).split('\r\n');
  assert.match(lines[0], /^id,time,logged,verdict,level,title/);
  assert.ok(!lines[0].includes('chain'));
  assert.equal(lines.length - 3, all);
  assert.equal(lines.at(-2), `#end,rows=${all},complete=true,withheld=chain (links records of one person or vehicle)`);
  assert.ok((await (await get('/api/export.csv?what=alerts&redact=full')).text()).split('\r\n')[0].endsWith(',chain'));
  const events = (await (await get('/api/export.jsonl?what=events')).text()).trim().split('\n').map(JSON.parse);
  const entry = Number((await json('/api/status')).entry);
  assert.deepEqual(events.at(-1), {end: true, rows: entry, complete: true, withheld: 'payload'});
  assert.equal(events.length, entry + 1);
  assert.deepEqual(events.slice(0, -1).map(event => event.id), Array.from({length: entry}, (_, at) => at + 1));
  const flows = (await (await get('/api/export.jsonl?what=flows')).text()).trim().split('\n').map(JSON.parse);
  assert.equal(flows.slice(0, -1).reduce((sum, flow) => sum + flow.records, 0), entry);
  const alert = (await json('/api/alerts?limit=1')).alerts[0].id;
  await post('/api/reviews', {action: 'note', ids: [alert], note: '=HYPERLINK("x"), said'});
  const reviews = await (await get('/api/export.csv?what=reviews')).text();
  assert.ok(reviews.includes(`"'=HYPERLINK(""x""), said"`));
  // Each list of a page is a file too, with as many rows.
  const {gaps, losses, refused} = await json('/api/integrity'), {cases} = await json('/api/cases');
  for (const [what, rows] of Object.entries({gaps, losses, refused, cases})) {
    const csv = (await (await get(`/api/export.csv?what=${what}`)).text()).split('\r\n');
    assert.equal(csv.at(-2), `#end,rows=${rows.length},complete=true`, what);
    const lines = (await (await get(`/api/export.jsonl?what=${what}`)).text()).trim().split('\n').map(JSON.parse);
    assert.equal(lines.length, rows.length + 1, what);
    assert.ok(csv[0].split(',').every(name => lines.length === 1 || name in lines[0]), what);
  }
  assert.equal((await get('/api/export.csv?what=people')).status, 400);
});

test('the address of a page with .json or .csv behind it has the rows of that page', async () => {
  const rows = text => text.trim().split('\r\n').length - 2; // without the head and the end
  // The page shows open alerts, in groups; the file has them one by one.
  const groups = await json('/alerts.json?verdict=PROH,REVIEW&alert=7&view=table&in=');
  assert.deepEqual(groups, await json('/api/alerts?state=open&group=1&verdict=PROH,REVIEW'));
  const csv = await get('/alerts.csv?verdict=PROH,REVIEW&alert=7');
  assert.match(csv.headers.get('content-type'), /^text\/csv/);
  assert.match(csv.headers.get('content-disposition'), /sharewatch-alerts\.csv/);
  assert.equal(rows(await csv.text()), groups.counts.open);
  const one = groups.alerts.find(alert => alert.count > 1);
  assert.deepEqual(await json(`/alerts.json?in=${one.group}&limit=2`), await json(`/api/alerts?state=open&in=${one.group}&limit=2`));
  assert.deepEqual(await json(`/alerts/${one.id}.json`), await json(`/api/alerts/${one.id}`));
  assert.deepEqual(await json('/flows.json?range=24h&flow=A~B~PROH~1'), await json('/api/flows?range=24h'));
  assert.deepEqual(await json('/flows.json?entry=9000'), await json('/api/flows?as_of=9000'));
  assert.ok((await (await get('/flows.csv?edge=E23')).text()).split('\r\n').slice(1, -2).every(line => line.startsWith('E23,')));
  const events = await json('/events.json?verdict=PROH&limit=3');
  assert.deepEqual(events, await json('/api/events?verdict=PROH&limit=3'));
  assert.match((await (await get('/events.csv?verdict=PROH')).text()).split('\r\n')[1], new RegExp(`^\\d+,.*,PROH,`));
  assert.deepEqual(await json(`/events/${events.events[0].id}.json`), await json(`/api/events/${events.events[0].id}`));
  const {cases} = await json('/cases.json');
  assert.deepEqual(cases, (await json('/api/cases')).cases);
  assert.equal(rows(await (await get('/cases.csv')).text()), cases.length);
  const timeline = await json(`/cases/${cases[0].number}.json`);
  assert.ok(timeline.path_hops.length >= 3);
  assert.equal((await json('/cases.json')).cases[0].reads, cases[0].reads + 1, 'a look at a case is recorded, however it is asked for');
  const integrity = await json('/integrity.json');
  assert.deepEqual(integrity.gaps, (await json('/api/integrity')).gaps);
  assert.equal(rows(await (await get('/integrity.csv')).text()), integrity.gaps.length);
  assert.equal(rows(await (await get('/integrity.csv?what=sources')).text()), integrity.sources.length);
  assert.equal(rows(await (await get('/integrity.csv?what=deletions')).text()), integrity.redactions.length);
  assert.equal(rows(await (await get('/integrity.csv?what=reads')).text()), integrity.readers.reduce((sum, row) => sum + row.reads, 0));
  let moment;
  do { moment = await json('/replay.json?entry=9000&speed=10'); } while (!moment.entry);
  assert.equal(moment.entry, '9000');
  assert.equal((await get('/what-if.json?b=so40-1979')).status, (await get('/api/what-if?b=so40-1979')).status);
  // What a page does not know is refused in its file too; a file of a moment there is none.
  for (const path of ['/alerts.csv?verdcit=PROH', '/alerts.json?level=9', '/what-if.json', '/alerts.csv?entry=5', '/events.json?entry=5', '/alerts.json?verdcit=']) assert.equal((await get(path)).status, 400, path);
  for (const path of ['/help.json', '/.json', '/alerts/.json', '/alerts/1.csv', '/replay.csv', '/flows.xml']) assert.equal((await get(path)).status, 404, path);
  assert.equal((await fetch(`${server.origin}/alerts.csv`)).status, 401);
  assert.equal((await post('/alerts.csv', {})).status, 405);
  assert.match(await (await get('/alerts')).text(), /<main/);
});

test('evidence: one file that stands by itself and says what was left out', async () => {
  const {id, chain} = (await json('/api/alerts?edge=E23&limit=1')).alerts[0];
  await post('/api/reviews', {action: 'note', ids: [id], note: '<script>alert(1)</script>'});
  const answer = await get(`/api/alerts/${id}/evidence`);
  assert.match(answer.headers.get('content-disposition'), new RegExp(`sharewatch-alert-${id}.html`));
  const text = await answer.text();
  for (const words of ['Sister agency sent plate history', 'prohibited, level 3 (informed)', 'LAPD can revoke the share', 'SHA-256 of the policy', 'Left out: the key of the chain', '&lt;script&gt;']) assert.ok(text.includes(words), words);
  assert.ok(!text.includes('<script') && !text.includes(chain) && !text.includes('http'));
  assert.ok((await (await get(`/api/alerts/${id}/evidence?redact=full`)).text()).includes(chain));
  assert.equal((await get('/api/alerts/999999/evidence')).status, 404);
});

test('who sends a byte now and then does not hold a connection for ever; who reads the stream may', async () => {
  const connect = first => new Promise(resolve => { const socket = net.connect(server.port, '127.0.0.1', () => { socket.write(first); resolve(socket); }); });
  const reader = await connect(`GET /api/live HTTP/1.1\r\n${host()}\r\n`);
  let closed = false;
  reader.on('close', () => { closed = true; });
  await once(reader, 'data');
  const slow = await connect('GET /api/status HTTP/1.1\r\nHo');
  const drip = setInterval(() => slow.write('s'), 500);
  slow.on('error', () => {});
  slow.resume();
  await new Promise(resolve => slow.once('close', resolve));
  clearInterval(drip);
  assert.equal(closed, false);
  reader.destroy();
  assert.match(await (await fetch(`${server.origin}/metrics`)).text(), /^sharewatch_dashboard_slow_requests_ended_total [1-9]/m);
});

test('files that fail under the server: each with a sentence that helps', async () => {
  const log = join(at, 'failing.db'), reviews = join(at, 'failing.reviews.db');
  await makeLog(log, 2000);
  const own = await dashboard(log), mine = await signIn(own);
  const status = async () => (await fetch(`${own.origin}/api/status`, {headers: {Cookie: mine}})).json();
  const note = () => fetch(`${own.origin}/api/reviews`, {method: 'POST', headers: {Cookie: mine, 'Content-Type': 'application/json'}, body: JSON.stringify({action: 'note', ids: ['1'], note: 'seen'})});
  try {
    assert.equal((await status()).trouble, '');
    // Another program holds the reviews file.
    const holder = spawn('sqlite3', [reviews], {stdio: ['pipe', 'pipe', 'inherit']});
    holder.stdin.write("BEGIN IMMEDIATE; SELECT 'held';\n");
    await once(holder.stdout, 'data');
    const locked = await note();
    assert.equal(locked.status, 503);
    assert.match((await locked.json()).error.message, /locked: nothing was written/);
    holder.stdin.end();
    await once(holder, 'exit');
    assert.equal((await note()).status, 200);
    // The log is moved away, put back, and replaced by another.
    const until = async fits => { for (let found = await status(); ; found = await status()) { if (fits.test(found.trouble)) return; await new Promise(resolve => setTimeout(resolve, 50)); } };
    renameSync(log, `${log}.away`);
    await until(/^The log file is gone: .*Put it back/);
    renameSync(`${log}.away`, log);
    await until(/^$/);
    await makeLog(`${log}.other`, 100);
    renameSync(`${log}.other`, log);
    await until(/^The log file was replaced by another: .*Start the dashboard again/);
  } finally { await own.stop(); }
});

test('health and metrics need no session and tell nothing of the log’s content', async () => {
  assert.equal(await (await fetch(`${server.origin}/healthz`)).text(), 'ok\n');
  const metrics = await (await fetch(`${server.origin}/metrics`)).text();
  assert.match(metrics, /^sharewatch_dashboard_log_events 20\d\d\d$/m);
  assert.match(metrics, /^sharewatch_dashboard_requests_total \d+$/m);
});
