// Beyond loopback: TLS, named users, roles. And what the command line refuses.
import {test, before, after} from 'node:test';
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {statSync, writeFileSync, readFileSync, copyFileSync} from 'node:fs';
import https from 'node:https';
import {join} from 'node:path';
import {folder, makeLog, dashboard, browser, remove} from './help.mjs';

let at, log, users, cert, key, server;
const run = (args, input) => spawnSync(process.env.DASHBOARD, ['dashboard', ...args], {input, encoding: 'utf8', timeout: 10000});

before(async () => {
  at = folder();
  log = join(at, 'log.db');
  users = join(at, 'users');
  cert = join(at, 'cert.pem');
  key = join(at, 'key.pem');
  await makeLog(log, 3000);
  spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=127.0.0.1', '-days', '2', '-keyout', key, '-out', cert]);
  for (const [name, role] of [['ada', 'reader'], ['ben', 'reviewer'], ['cy', 'custodian']]) {
    const made = run(['--users', users, '--add-user', `${name}:${role}`], `${name} has a long password\n`);
    assert.equal(made.status, 0, made.stderr);
  }
  server = await dashboard(log, ['--tls-cert', cert, '--tls-key', key, '--users', users]);
});

after(async () => { await server?.stop(); remove(at); });

function ask(path, {method = 'GET', cookie = '', body = ''} = {}) {
  return new Promise((resolve, reject) => {
    const request = https.request(server.origin + path, {method, rejectUnauthorized: false, headers: {Cookie: cookie, ...(body && {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body)})}}, answer => {
      let text = '';
      answer.on('data', part => { text += part; });
      answer.on('end', () => resolve({status: answer.statusCode, headers: answer.headers, text}));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function signIn(name, password = `${name} has a long password`) {
  const answer = await ask('/api/login', {method: 'POST', body: JSON.stringify({name, password})});
  await new Promise(resolve => setTimeout(resolve, 300)); // logins are paced
  return {...answer, cookie: answer.headers['set-cookie']?.[0].split(';')[0]};
}

test('passwords are kept as yescrypt, the file for its owner alone', () => {
  assert.equal(statSync(users).mode & 0o777, 0o600);
  const lines = readFileSync(users, 'utf8').trim().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0], /^ada:reader:\$y\$/);
  assert.ok(!readFileSync(users, 'utf8').includes('long password'));
  assert.equal(run(['--users', users, '--add-user', 'x:boss'], 'a long password here\n').status, 3);
  assert.equal(run(['--users', users, '--add-user', 'x:reader'], 'short\n').status, 3);
});

test('signing in: only with name and password; the cookie goes over TLS alone', async () => {
  assert.equal((await ask('/')).status, 401);
  assert.match((await ask('/')).text, /Sign in/);
  assert.equal((await signIn('ada', 'wrong password here')).status, 403);
  assert.equal((await signIn('nobody')).status, 403);
  const good = await signIn('ada');
  assert.equal(good.status, 200);
  assert.match(good.headers['set-cookie'][0], /HttpOnly; SameSite=Strict; Secure$/);
  assert.match(good.headers['content-security-policy'], /default-src 'none'/);
  const status = JSON.parse((await ask('/api/status', {cookie: good.cookie})).text);
  assert.deepEqual([status.actor, status.role], ['ada', 'reader']);
  assert.equal((await ask('/open/whatever')).status, 403);
});

test('each role may what it may and no more', async () => {
  const reader = (await signIn('ada')).cookie, reviewer = (await signIn('ben')).cookie, custodian = (await signIn('cy')).cookie;
  const note = JSON.stringify({action: 'note', ids: ['1'], note: 'seen'});
  const opened = JSON.stringify({number: 'OIG-1', reason: 'a complaint was made', chains: ['vehicle:x']});
  assert.equal((await ask('/api/alerts', {cookie: reader})).status, 200);
  const refused = await ask('/api/reviews', {method: 'POST', cookie: reader, body: note});
  assert.equal(refused.status, 403);
  assert.match(refused.text, /needs the role reviewer; you are reader/);
  assert.equal((await ask('/api/reviews', {method: 'POST', cookie: reviewer, body: note})).status, 200);
  assert.equal((await ask('/api/cases', {method: 'POST', cookie: reviewer, body: opened})).status, 403);
  assert.equal((await ask('/api/cases', {method: 'POST', cookie: custodian, body: opened})).status, 200);
  assert.equal((await ask('/api/cases/OIG-1/timeline', {cookie: reader})).status, 403);
  assert.equal((await ask('/api/cases/OIG-1/timeline', {cookie: reviewer})).status, 200);
  assert.equal((await ask('/api/export.csv?redact=full', {cookie: reviewer})).status, 403);
  assert.equal((await ask('/api/export.csv?redact=full', {cookie: custodian})).status, 200);
  const history = JSON.parse((await ask('/api/alerts/1', {cookie: reader})).text).history;
  assert.equal(history[0].actor, 'ben');
});

test('the sign-in page works in a browser, and a reader is offered nothing to do', async () => {
  const chrome = await browser();
  try {
    const page = await (await chrome.newContext({ignoreHTTPSErrors: true})).newPage();
    await page.goto(server.origin);
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password').fill('ada has a long password');
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.waitForSelector('.card');
    await page.locator('.card > a').first().click();
    await page.waitForSelector('.alert');
    assert.equal(await page.getByRole('button', {name: 'Acknowledge'}).isDisabled(), true);
  } finally { await chrome.close(); }
});

test('the command line: elsewhere only with TLS and users', () => {
  const elsewhere = run(['--log', log, '--listen', '0.0.0.0:0']);
  assert.equal(elsewhere.status, 2);
  assert.match(elsewhere.stderr, /0\.0\.0\.0 is not loopback: give --tls-cert, --tls-key and --users/);
  assert.equal(run(['--log', log, '--listen', 'nonsense']).status, 2);
  assert.equal(run(['--log', log, '--tls-cert', cert]).status, 2);
  assert.equal(run([]).status, 2);
  assert.equal(run(['--help']).status, 0);
  const taken = run(['--log', log, '--listen', `127.0.0.1:${server.port}`]);
  assert.equal(taken.status, 3);
  assert.match(taken.stderr, /in use/);
});

test('a file that is no log gets a sentence and exit 3', async () => {
  const missing = run(['--log', join(at, 'none.db')]);
  assert.equal(missing.status, 3);
  assert.match(missing.stderr, /none\.db: No such file or directory\. A monitor makes it/);
  writeFileSync(join(at, 'text.db'), 'hello, this is a text and no database, and it is longer than one hundred bytes so that it has a header');
  assert.match(run(['--log', join(at, 'text.db')]).stderr, /no sharewatch log/);
  copyFileSync(log, join(at, 'locked.db'));
  const holder = spawnSync('sqlite3', [join(at, 'locked.db'), 'PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE;', `.shell ${process.env.DASHBOARD} dashboard --log ${join(at, 'locked.db')} --listen 127.0.0.1:0 2>&1`], {encoding: 'utf8', timeout: 20000});
  assert.match(holder.stdout, /another program holds the file locked/);
});

test('where reviews cannot be written the log is read, and the page says so', async () => {
  const closed = join(at, 'closed');
  spawnSync('mkdir', [closed]);
  copyFileSync(log, join(closed, 'log.db'));
  const own = await dashboard(join(closed, 'log.db'), ['--reviews', '/proc/none/reviews.db']);
  const cookie = (await fetch(own.url, {redirect: 'manual'})).headers.get('set-cookie').split(';')[0];
  const status = await (await fetch(`${own.origin}/api/status`, {headers: {Cookie: cookie}})).json();
  assert.equal(status.reviewable, 0);
  const refused = await fetch(`${own.origin}/api/reviews`, {method: 'POST', headers: {Cookie: cookie, 'Content-Type': 'application/json'}, body: JSON.stringify({action: 'note', ids: ['1'], note: 'x'})});
  assert.equal(refused.status, 409);
  assert.match(await refused.text(), /Reviews are off/);
  assert.match(own.errors(), /reviews are off/);
  await own.stop();
});

test('a review that was edited behind the dashboard’s back is found at the next start', async () => {
  const folderOfIt = join(at, 'edited');
  spawnSync('mkdir', [folderOfIt]);
  copyFileSync(log, join(folderOfIt, 'log.db'));
  let own = await dashboard(join(folderOfIt, 'log.db'));
  const enter = async () => (await fetch(own.link(), {redirect: 'manual'})).headers.get('set-cookie').split(';')[0];
  let cookie = await enter();
  for (const note of ['one', 'two', 'three']) {
    await fetch(`${own.origin}/api/reviews`, {method: 'POST', headers: {Cookie: cookie, 'Content-Type': 'application/json'}, body: JSON.stringify({action: 'note', ids: ['1'], note})});
  }
  await own.stop();
  spawnSync('sqlite3', [join(folderOfIt, 'log.reviews.db'), "UPDATE review SET note = 'other' WHERE seq = 2"]);
  own = await dashboard(join(folderOfIt, 'log.db'));
  cookie = await enter();
  const status = await (await fetch(`${own.origin}/api/status`, {headers: {Cookie: cookie}})).json();
  assert.equal(status.edited_row, 2);
  assert.match(own.errors(), /row 2 is not as it was written/);
  await own.stop();
});
