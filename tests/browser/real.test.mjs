// A log that the monitor itself wrote: the central case, read on the page, and judged by another policy.
import {test, before, after} from 'node:test';
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createRequire} from 'node:module';
import {readFileSync, writeFileSync, mkdirSync, copyFileSync, existsSync} from 'node:fs';
import {join} from 'node:path';
import {folder, dashboard, signIn, browser, remove} from './help.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let at, log, server;

const copy = (from, to) => { for (const suffix of ['', '-wal']) if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix); };

// Opens the page of a dashboard at its integrity page, and waits until that has an answer.
async function integrity(chrome, of) {
  const page = await (await chrome.newContext({viewport: {width: 1400, height: 900}})).newPage();
  await page.goto(of.link());
  await page.waitForSelector('.verified'); // the line below the inbox
  const line = await page.locator('.verified').innerText();
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await page.waitForSelector('#integrity-title');
  await page.waitForFunction(() => !document.getElementById('verify-again').disabled);
  await page.evaluate(axeSource);
  const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ['violations']}));
  assert.deepEqual(violations.map(v => `${v.id} ${v.nodes[0].target}`), []);
  return {page, line, words: await page.locator('#page').innerText()};
}

before(async () => {
  at = folder();
  log = join(at, 'log.db');
  process.env.XDG_STATE_HOME = join(at, 'state'); // the keys of this test
  for (const scenario of ['subject-a', 'sister-agency']) {
    if (existsSync(log)) copy(log, join(at, 'earlier.db'));
    const ran = spawnSync(process.env.SHAREWATCH, ['run', join(process.env.SOURCE, 'scenarios', scenario), '--speed', 'max', '--pause-max', '0', '--no-dashboard', '--log', log], {encoding: 'utf8', timeout: 90000});
    assert.equal(ran.status, 0, ran.stderr);
  }
  server = await dashboard(log);
});

after(async () => { await server?.stop(); remove(at); });

test('the comparison is what `sharewatch diff` says, also while another asks', async () => {
  const cookie = await signIn(server);
  const get = path => fetch(server.origin + path, {headers: {Cookie: cookie}});
  const {packs} = await (await get('/api/packs')).json();
  assert.ok(packs.some(pack => pack.name === 'so40-1979' && pack.title.includes('Special Order 40')));
  const said = spawnSync(process.env.SHAREWATCH, ['diff', log, '--policy', 'so40-1979', '--json'], {encoding: 'utf8'});
  const [first, second] = await Promise.all([get('/api/what-if?b=so40-1979'), get('/api/what-if?b=ca-state')]);
  assert.equal(first.status, 200);
  assert.deepEqual(await first.json(), JSON.parse(said.stdout));
  assert.equal(second.status, 503);
  assert.equal((await get('/api/what-if')).status, 400);
  assert.equal((await get('/api/what-if?b=--help')).status, 400);
  assert.equal((await get('/api/what-if?b=..%2F..%2Fetc')).status, 400);
  const unknown = await get('/api/what-if?b=no-such-pack');
  assert.equal(unknown.status, 422);
  assert.match((await unknown.json()).error.message, /no-such-pack/);
});

test('replay: as of each entry exactly the rows that were there; sharewatch replay says identical', async () => {
  const cookie = await signIn({url: server.link()});
  const get = async path => (await fetch(server.origin + path, {headers: {Cookie: cookie}})).json();
  const rows = sql => JSON.parse(spawnSync('sqlite3', ['-json', log, sql], {encoding: 'utf8'}).stdout || '[]');
  const last = Number((await get('/api/replay')).entry);
  for (let entry = 1; entry <= last; entry++) {
    const moment = await get(`/api/replay?as_of=${entry}`);
    const {flows} = await get(`/api/flows?as_of=${entry}`);
    const expected = rows(`SELECT coalesce(edge, '') AS edge, coalesce(from_node, '') AS src, coalesce(to_node, '') AS dst, verdict, level, count(*) AS n FROM hop WHERE event <= ${entry} AND revision = 0 GROUP BY 1, 2, 3, 4, 5`);
    assert.deepEqual(flows, expected, `flows as of ${entry}`);
    const {alerts} = await get(`/api/alerts?as_of=${entry}&limit=200`);
    const raised = rows(`SELECT alert.id FROM alert JOIN hop ON hop.id = alert.hop WHERE coalesce(hop.cause, hop.event) <= ${entry} ORDER BY 1 DESC`);
    assert.deepEqual(alerts.map(alert => Number(alert.id)), raised.map(row => row.id), `alerts as of ${entry}`);
    assert.equal(Number(moment.alert), raised.length);
  }
  assert.equal((await fetch(`${server.origin}/api/flows?as_of=1&range=24h`, {headers: {Cookie: cookie}})).status, 400);
  assert.equal((await fetch(`${server.origin}/api/events?as_of=1`, {headers: {Cookie: cookie}})).status, 400);
  let found;
  do { found = await get(`/api/replay/check?as_of=${last}`); await new Promise(resolve => setTimeout(resolve, 50)); } while (found.running);
  assert.equal(found.identical, true, found.difference ?? found.failed);
  assert.equal(found.events, last);
});

test('integrity: whole, and said so below every page; an edit of one row is found and named', async () => {
  const edited = join(at, 'edited.db');
  copy(log, edited);
  const edit = spawnSync('sqlite3', [edited, "UPDATE hop SET verdict = 'NONE' WHERE id = (SELECT min(id) FROM hop WHERE verdict <> 'NONE')"], {encoding: 'utf8'});
  assert.equal(edit.status, 0, edit.stderr);
  const forged = await dashboard(edited);
  const chrome = await browser();
  try {
    const good = await integrity(chrome, server);
    const {count} = JSON.parse(spawnSync('sqlite3', ['-json', log, 'SELECT count(*) AS count FROM event'], {encoding: 'utf8'}).stdout)[0];
    assert.equal(good.line, `verified to ${count}`);
    assert.match(good.words, new RegExp(`Whole\\. Up to ${count} of ${count} entries`));
    mkdirSync('pictures', {recursive: true});
    await good.page.screenshot({path: join('pictures', 'integrity.png')});
    await good.page.locator('#verify-again').click();
    await good.page.waitForFunction(() => !document.getElementById('verify-again').disabled);
    assert.match(await good.page.locator('#verify-verdict').innerText(), /^Whole/);
    const bad = await integrity(chrome, forged);
    assert.equal(bad.line, 'the log is NOT whole');
    assert.match(bad.words, /Not whole\. Something was changed/);
    assert.match(bad.words, /First bad place[\s\S]*hop|judgement/);
  } finally { await chrome.close(); await forged.stop(); }
});

test('integrity: signed by whom one trusts, witnessed by some of those who were asked; what they deny is shown', async () => {
  const note = (of, order) => JSON.parse(spawnSync('sqlite3', ['-json', of, `SELECT note FROM checkpoint ORDER BY id ${order} LIMIT 1`], {encoding: 'utf8'}).stdout)[0].note;
  const files = {first: note(log, 'ASC'), newest: note(log, 'DESC')};
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at, `${name}.heads`), text);
  // A witness of another log knows nothing of this one.
  const other = join(at, 'other.db');
  assert.equal(spawnSync(process.env.SHAREWATCH, ['run', join(process.env.SOURCE, 'scenarios', 'sister-agency'), '--speed', 'max', '--pause-max', '0', '--no-dashboard', '--log', other], {timeout: 90000}).status, 0);
  writeFileSync(join(at, 'other.heads'), note(other, 'DESC'));
  const witnesses = ['first', 'newest', 'other'].map(name => join(at, `${name}.heads`)).join(',');
  const key = join(at, 'state', 'sharewatch', 'signing.pub');
  assert.equal(spawnSync(process.env.SHAREWATCH, ['keys', 'create', '--key-dir', join(at, 'others')]).status, 0);
  const chrome = await browser(), servers = [];
  const open = async (of, options) => {
    servers.push(await dashboard(of, ['--reviews', join(at, `${servers.length}.reviews.db`), ...options]));
    return integrity(chrome, servers.at(-1));
  };
  try {
    const good = await open(log, ['--key', key, '--witness', witnesses]);
    assert.match(good.line, /^verified to \d+$/);
    assert.match(good.words, /Whole\./);
    assert.match(good.words, /Witnessed\s+by 2 of 3, up to sealed record \d+/);
    assert.doesNotMatch(good.words, /names this key itself/);
    mkdirSync('pictures', {recursive: true});
    await good.page.screenshot({path: join('pictures', 'witnessed.png')});
    // Of a log that was rolled back, a witness knows more than is in it.
    const rolled = await open(join(at, 'earlier.db'), ['--witness', join(at, 'newest.heads')]);
    assert.equal(rolled.line, 'the log is NOT whole');
    assert.match(rolled.words, /Not whole\.[\s\S]*First bad place[\s\S]*newest\.heads/);
    await rolled.page.screenshot({path: join('pictures', 'rolled-back.png')});
    const foreign = await open(log, ['--key', join(at, 'others', 'signing.pub')]);
    assert.equal(foreign.line, 'the log is NOT whole');
    assert.match(foreign.words, /not signed with the key that was given/);
  } finally { await chrome.close(); for (const each of servers) await each.stop(); }
});

test('the central case on the page: custody reached, nothing prohibited, and what another policy changes', async () => {
  const chrome = await browser();
  const messages = [];
  try {
    const page = await (await chrome.newContext({viewport: {width: 1600, height: 1000}})).newPage();
    page.on('console', message => messages.push(message.text()));
    await page.goto(server.link()); // each link works once; this is the one that was printed last
    await page.goto(`${server.origin}/?verdict=FED`);
    await page.locator('.card > a', {hasText: 'ICE arrests a person'}).click();
    await page.waitForSelector('.alert .hops');
    const detail = await page.locator('#detail').innerText();
    assert.match(detail, /Custody/);
    assert.match(detail, /No local rule reaches this step|Default of the map/);
    await page.waitForSelector('.matrix');
    assert.ok(await page.locator('.ribbon.v-FED').count() > 0);
    await page.goto(`${server.origin}/what-if`);
    await page.getByLabel(/so40-1979/).check();
    await page.getByRole('button', {name: 'Compare'}).click();
    await page.waitForSelector('#result-title');
    assert.match(await page.locator('#result-title').innerText(), /so40-1979 instead of/);
    assert.match(page.url(), /b=so40-1979/);
    await page.evaluate(axeSource);
    const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ['violations']}));
    assert.deepEqual(violations.map(v => `${v.id} ${v.nodes[0].target}`), []);
    mkdirSync('pictures', {recursive: true});
    await page.screenshot({path: join('pictures', 'what-if.png')});
    assert.deepEqual(messages, []);
  } finally { await chrome.close(); }
});
