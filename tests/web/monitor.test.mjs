// The monitor page in a real Chromium, on the real program.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { chromium } from 'playwright-core';
import { hostileId, jobCount, startApplication, startService, token } from './service.mjs';

const pictures = new URL('../../build/web/', import.meta.url).pathname;
const idle = 'main[aria-busy=false]';

let service;
let application;
let browser;
let context;
let page;
let mishaps;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  application = await startApplication();
  service = await startService();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Nothing but the loopback is spoken to, and a container has no sandbox to offer.
    args: ['--no-sandbox', '--disable-background-networking', '--enable-precise-memory-info'],
  });
});

after(async () => {
  await browser?.close();
  application?.stop();
  assert.equal(await service?.stop(), 0);
});

beforeEach(() => open());

afterEach(async () => {
  await context.close();
  assert.deepEqual(mishaps, [], 'no error, no violation of the policy, no request to others');
});

async function open(options = {}) {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  page = await context.newPage();
  mishaps = [];
  page.on('pageerror', (problem) => mishaps.push(problem.message));
  page.on('dialog', (dialog) => mishaps.push(`dialog: ${dialog.message()}`));
  page.on('console', (line) => {
    // What the server refuses is told in the page, and by the browser here.
    if (line.type() === 'error' && !/status of (401|409)/.test(line.text()))
      mishaps.push(line.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${service.url}/`)) mishaps.push(request.url());
  });
}

async function visit(hash) {
  await page.goto(`${service.url}/`);
  await page.evaluate((value) => sessionStorage.setItem('jobqueue.token', value), token);
  await page.goto(`${service.url}/${hash}`);
  await page.reload();
  await page.waitForSelector(idle);
}

// Until another view is shown than the one that is.
const go = async (run) => {
  await page.evaluate(() => document.querySelector('.view')?.setAttribute('data-old', ''));
  await run();
  await page.waitForSelector(`${idle} .view:not([data-old])`);
};
// Also of rows that are not drawn.
const texts = (selector) => page.locator(selector).allTextContents();
const countOf = (selector) => page.locator(selector).count();

test('asks for the token, says that one is refused, keeps one as long as the tab', async () => {
  await page.goto(`${service.url}/`);
  const input = page.locator('dialog input');
  await input.fill('a-wrong-token-of-any-size');
  await input.press('Enter');
  await page.getByText('has refused that token').waitFor();
  await page.locator('dialog input').fill(token);
  await go(() => page.keyboard.press('Enter'));
  assert.equal(await page.locator('h1').innerText(), 'Overview');
  await go(() => page.reload());
  assert.equal(await countOf('dialog'), 0);
  await page.getByRole('button', { name: 'Forget token' }).click();
  await page.locator('dialog input').waitFor();
});

test('nothing is told without a token', async () => {
  for (const path of [
    '/api/summary',
    '/api/jobs',
    '/api/series',
    '/api/jobs/w1/payload',
    '/nothing',
  ]) {
    const answer = await fetch(service.url + path);
    assert.equal(answer.status, 401, path);
    assert.equal((await answer.json()).error.code, 'UNAUTHORIZED');
  }
});

test('the overview has the figures of the store', async () => {
  await visit('#/');
  const { categories } = (await service.ask('/api/summary')).body;
  const wanted = { complete: 0, filed: 0, incomplete: 0, undecided: 0 };
  for (const one of categories) wanted[one.status_category ?? 'undecided'] += one.jobs;
  const shown = (await page.locator('.tile').allInnerTexts()).map((text) =>
    text.replaceAll(',', '').split(/\s+/),
  );
  for (const [word, jobs] of Object.entries(wanted)) {
    assert.ok(
      shown.some(([value, , name]) => value === String(jobs) && name === word),
      `${word} ${jobs}: ${shown}`,
    );
  }
  const name = await page.locator('.plot[role=img]').first().getAttribute('aria-label');
  assert.match(name, new RegExp(`incomplete ${wanted.incomplete.toLocaleString('en')}`));
  assert.equal(await countOf('figure canvas'), 1, 'only what was sampled is drawn');
  await page.screenshot({ path: `${pictures}overview.png` });
  await go(() => page.getByRole('link', { name: 'job failed' }).click());
  assert.ok((await texts('a.row .verdict')).every((text) => text.includes('job failed')));
});

test('filters narrow the list, and stand in the address', async () => {
  await visit('#/jobs');
  assert.equal(await countOf('a.row'), 200);
  const { categories } = (await service.ask('/api/summary')).body;
  const problems = [...new Set(categories.flatMap((one) => one.problem_type ?? []))].sort();
  assert.deepEqual(
    await page.getByLabel('Problem').evaluate((one) => [...one.options].map(({ value }) => value)),
    ['', ...problems],
  );
  await go(() => page.getByLabel('Status').selectOption('failed'));
  await go(() =>
    page
      .getByLabel('Type')
      .fill('video')
      .then(() => page.keyboard.press('Enter')),
  );
  assert.match(page.url(), /status=failed&type=video/);
  assert.deepEqual(
    [...new Set(await texts('a.row .status'))].map((text) => text.slice(2)),
    ['failed'],
  );
  assert.deepEqual([...new Set(await texts('a.row .type'))], ['video']);
  await go(() => page.getByLabel('Verdict').selectOption('complete'));
  assert.equal(await page.getByRole('status').innerText(), 'No job is like that.');
  await go(() => page.goBack());
  assert.ok((await countOf('a.row')) > 100);
  await go(() => page.getByRole('button', { name: 'Clear' }).click());
  assert.equal(await countOf('a.row'), 200);
});

test('a job is found by the beginning of its id', async () => {
  await visit('#/jobs');
  const search = page.getByRole('searchbox', { name: 'Find a job by its id' });
  await search.fill('job-0012');
  await go(() => search.press('Enter'));
  assert.deepEqual(
    await texts('a.row .id'),
    Array.from({ length: 10 }, (_, i) => `job-0012${i}`),
  );
  await search.fill('%');
  await search.press('Enter');
  await page.getByText('No job is like that.').waitFor();
});

test('two thousand jobs are on one page, and it stays quick', async () => {
  await visit('#/jobs');
  const more = page.getByRole('button', { name: 'More jobs' });
  const all = jobCount + 4;
  for (let shown = 200; shown < all; shown += 200) {
    await more.click();
    await page.locator('a.row').nth(shown).waitFor({ state: 'attached' });
  }
  assert.equal(await countOf('a.row'), all);
  assert.equal(await countOf('.foot button'), 0);
  assert.equal(new Set(await texts('a.row .id')).size, all, 'each once');
  const longest = await page.evaluate(async () => {
    let slowest = 0;
    for (let i = 0; i < 40; ++i) {
      const begun = performance.now();
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k' }));
      await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
      slowest = Math.max(slowest, performance.now() - begun);
    }
    return slowest;
  });
  assert.ok(longest < 500, `a key took ${longest} ms`);
});

test('a job tells its verdict, its attempts and what changed', async () => {
  await visit('#/job/w1');
  assert.equal(await page.locator('h1').innerText(), 'w1');
  assert.match(
    await page.getByRole('region', { name: 'Verdict' }).innerText(),
    /job failed.*retries left/s,
  );
  assert.deepEqual(await texts('.card h3'), ['Attempt 1', 'Attempt 2']);
  const changes = await texts('.changes tbody tr');
  assert.ok(
    changes.some(
      (text) =>
        text.includes('/seed') &&
        text.includes('9007199254740994') &&
        text.includes('9007199254740995'),
    ),
    `numbers are exact: ${changes}`,
  );
  assert.match(
    (await texts('.timeline li')).join('\n'),
    /created[\s\S]*failure attested by worker attempt 1/,
  );
  await page.getByText('rules that were looked at').click();
  assert.match((await texts('.trace > li')).join('\n'), /retry_count is 2/);
  await page.locator('.payloads button', { hasText: 'data' }).click();
  assert.match(await page.locator('pre').innerText(), /"seed": 9007199254740993/);
  await page.screenshot({ path: `${pictures}job.png`, fullPage: true });
});

test('what is no job is said', async () => {
  await page.goto(`${service.url}/`);
  await visit('#/job/nobody');
  await page.getByRole('alert').getByText('nothing is known of that id').waitFor();
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  mishaps = mishaps.filter((line) => !/status of 404/.test(line));
});

test('texts of anybody stay texts', async () => {
  await visit(`#/jobs?q=${encodeURIComponent(hostileId.slice(0, 5))}`);
  assert.deepEqual(await texts('a.row .id'), [hostileId]);
  await go(() => page.locator('a.row').click());
  assert.equal(await page.locator('h1').innerText(), hostileId);
  await page.locator('.payloads button', { hasText: 'data' }).click();
  assert.match(await page.locator('pre').innerText(), /<\/script><svg\/onload=alert\(3\)>/);
  assert.equal(await countOf('main b, main img, main script, main svg, main i'), 0);
});

test('a status may be any word', async () => {
  await visit('#/jobs?q=odd');
  assert.deepEqual(await texts('a.row .status'), ['\u25CB constructor']);
  await go(() => page.locator('a.row').click());
  assert.equal(await page.locator('h1').innerText(), 'odd');
});

test('charts that were replaced are forgotten', async () => {
  await visit('#/');
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  const nodes = async () => {
    for (let i = 0; i < 3; ++i) {
      await session.send('HeapProfiler.collectGarbage');
      await page.waitForTimeout(200);
    }
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find((one) => one.name === 'Nodes').value;
  };
  const refresh = async (times) => {
    // Not with `go`, whose handles keep what they have found.
    await page.evaluate(async (count) => {
      for (let i = 0; i < count; ++i) {
        const old = document.querySelector('.view');
        document.dispatchEvent(new KeyboardEvent('keydown', { key: 'r' }));
        while (old.isConnected) await new Promise((later) => setTimeout(later, 10));
      }
    }, times);
  };
  await refresh(3);
  const before = await nodes();
  await refresh(20);
  const more = (await nodes()) - before;
  assert.ok(more < 500, `${more} nodes were kept`);
});

test('the focus stays where it was when a view is made anew', async () => {
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await visit('#/');
  await page.getByRole('button', { name: '7 d' }).focus();
  await go(() => page.keyboard.press('Enter'));
  assert.equal(await focused(), '7 d');
  assert.equal(await page.getByRole('button', { name: '7 d', pressed: true }).count(), 1);
  await visit('#/jobs');
  const status = page.getByLabel('Status');
  await status.focus();
  await go(() => status.selectOption('failed'));
  assert.equal(await status.evaluate((element) => element === document.activeElement), true);
  assert.match(page.url(), /status=failed/);
});

test('a token that no header can carry is not taken', async () => {
  await page.goto(`${service.url}/`);
  await page.locator('dialog input').fill('\u201Ctyped-in-an-office-program\u201D');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('dialog input:invalid').count(), 1);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('jobqueue.token')), null);
});

test('a payload of 30 MB is shown within a second, and in pieces', async () => {
  await visit('#/job/large');
  const begun = performance.now();
  await page.locator('.payloads button', { hasText: 'data' }).click();
  await page.locator('pre').waitFor();
  const took = performance.now() - begun;
  assert.ok(took < 1000, `it took ${took} ms`);
  assert.match(
    await page.locator('.payload .head').innerText(),
    /30 MB, application\/json, shortened/,
  );
  assert.match(await page.locator('pre').innerText(), /"prompt": "a long film"/);
  await page.getByRole('button', { name: 'Raw bytes' }).click();
  await page.getByText('bytes').waitFor();
  await page.waitForFunction(() => document.querySelector('pre').textContent.length === 65536);
  await page.getByRole('button', { name: 'Later' }).click();
  await page.waitForFunction(() => document.querySelector('.pieces input')?.value === '65536');
  const first = page.getByLabel('First byte');
  await first.fill('29999000');
  await first.press('Enter');
  await page.waitForFunction(() =>
    document.querySelector('pre').textContent.includes('a long film'),
  );
  assert.equal(await page.getByRole('button', { name: 'Later' }).isDisabled(), true);
  const { nodes, heap } = await page.evaluate(() => ({
    nodes: document.querySelectorAll('*').length,
    heap: performance.memory.usedJSHeapSize,
  }));
  assert.ok(nodes < 2000, `${nodes} elements`);
  assert.ok(heap < 40e6, `${heap} bytes`);
  await page.keyboard.press('Escape');
  assert.equal(await countOf('pre'), 0);
});

test('a retry is asked for once, and is in the store then', async () => {
  await visit('#/job/w1');
  const retry = page.getByRole('button', { name: 'Retry', exact: true });
  await retry.click();
  await page.getByText('Run this job again?').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await retry.evaluate((element) => element === document.activeElement), true);
  await retry.click();
  await retry.click();
  await page.getByText('Retry 3 is scheduled.').waitFor();
  const again = await service.ask('/api/jobs/w1/retry', 'POST');
  assert.equal(again.status, 409);
  await go(() => page.reload());
  await retry.click();
  await retry.click();
  await page.getByText('that retry is scheduled already').waitFor();
});

test('what could not be delivered is sent again', async () => {
  service.run('webhook', 'add', application.url, '--event', 'test');
  await visit('#/deliveries');
  const test_ = page.getByRole('button', { name: 'Test', exact: true });
  await test_.click();
  await test_.click();
  await page.getByText('A test is on its way.').waitFor();
  const state = async (wanted) => {
    for (let tries = 0; tries < 100; ++tries) {
      const { deliveries } = (await service.ask('/api/deliveries')).body;
      if (deliveries[0]?.state === wanted) return;
      await new Promise((later) => setTimeout(later, 100));
    }
    assert.fail(`it is not ${wanted}`);
  };
  await state('dead');
  application.isThere = true;
  await visit('#/deliveries?state=dead');
  assert.match(await page.getByRole('region', { name: 'Endpoints' }).innerText(), /disabled/);
  await page.getByRole('button', { name: 'Tries' }).click();
  await page.locator('tr.more', { hasText: '410' }).waitFor();
  const enable = page.getByRole('button', { name: 'Enable' });
  await enable.click();
  await enable.click();
  await page.getByText('It is told again.').waitFor();
  const redrive = page.getByRole('button', { name: 'Redrive' });
  await redrive.click();
  await redrive.click();
  await page.getByText('It is sent again.').waitFor();
  await state('delivered');
  assert.equal(application.bodies.length, 1);
  await visit('#/deliveries');
  assert.match(await page.getByRole('region', { name: 'What was sent' }).innerText(), /delivered/);
});

test('is dark where that is wanted, and as it was chosen', async () => {
  await open({ colorScheme: 'dark' });
  const brightness = () =>
    page.evaluate(() => {
      const [red, green, blue] = getComputedStyle(document.documentElement)
        .backgroundColor.match(/\d+/g)
        .map(Number);
      return (red + green + blue) / 3;
    });
  await visit('#/job/w1');
  assert.ok((await brightness()) < 60);
  await page.screenshot({ path: `${pictures}dark.png` });
  await page.getByRole('button', { name: 'Theme' }).click();
  assert.ok((await brightness()) > 200);
  await go(() => page.reload());
  assert.ok((await brightness()) > 200, 'the choice is kept');
});

test('everything is reached from the keyboard', async () => {
  await visit('#/');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await page.keyboard.type('job-0000');
  await page.keyboard.press('Enter');
  await page.locator('a.row').nth(9).waitFor();
  await page.waitForSelector(idle);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.locator('h1', { hasText: 'job-00001' }).waitFor();
  const outline = await page.evaluate(() => {
    document.querySelector('nav a').focus();
    return getComputedStyle(document.activeElement).outlineStyle;
  });
  assert.equal(outline, 'solid', 'what has the focus is seen');
  await page.keyboard.press('Escape');
  await page.locator('a.row').nth(9).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await page.locator('h1', { hasText: 'Deliveries' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.locator('h1', { hasText: 'Overview' }).waitFor();
});

test('fits into 400 pixels', async () => {
  await open({ viewport: { width: 400, height: 800 } });
  for (const hash of [
    '#/',
    '#/jobs',
    '#/job/w1',
    '#/job/large',
    `#/job/${encodeURIComponent(hostileId)}`,
    '#/deliveries',
  ]) {
    await visit(hash);
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(beyond <= 0, `${hash} is ${beyond} px too wide`);
  }
  await page.screenshot({ path: `${pictures}narrow.png` });
});

test('everything has a name for who cannot see it', async () => {
  for (const hash of ['#/', '#/jobs', '#/job/w1', '#/deliveries']) {
    await visit(hash);
    const nameless = await page.evaluate(() => {
      const name = (element) =>
        element.getAttribute('aria-label') ||
        element.textContent ||
        [...(element.labels ?? [])].map((one) => one.innerText).join('');
      return [
        ...document.querySelectorAll('a, button, input, select, summary, [tabindex="0"][role]'),
      ]
        .filter((element) => !name(element)?.trim())
        .map((element) => element.outerHTML);
    });
    assert.deepEqual(nameless, [], hash);
    assert.equal(await countOf('main'), 1);
    assert.equal(await countOf('h1'), 1);
    assert.ok(
      await page.evaluate(
        () => document.documentElement.lang === 'en' && document.title.length > 10,
      ),
    );
  }
});
