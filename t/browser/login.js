// Logs in and out with a real browser, as 80-browser.t asks: node login.js URL EMAIL PASSWORD.
// Prints one line per fact, "ok - …" or "not ok - …". BROWSER names the browser's program;
// SCREENSHOTS, when set, is a folder that gets a picture of each page.
'use strict';

const path = require('path');
const { chromium } = require('playwright-core');

const [base, email, password] = process.argv.slice(2);

function fact(held, name) {
  console.log(`${held ? 'ok' : 'not ok'} - ${name}`);
}

async function visit(browser, name, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => {
    // What the browser gives up itself because it goes to the next page is no failure.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') {
      complaints.push(`failed: ${request.url()}`);
    }
  });
  page.on('response', (response) => {
    if (response.status() >= 400) {
      complaints.push(`${response.status()}: ${response.url()}`);
    }
  });
  const picture = async (what) => {
    if (process.env.SCREENSHOTS) {
      const file = `${name}-${what}.png`.replace(/ /g, '-');
      await page.screenshot({ path: path.join(process.env.SCREENSHOTS, file) });
    }
  };
  const narrow = async (what) => {
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    fact(!wide, `${name}: nothing of the ${what} is cut off or scrolls sideways`);
  };

  await page.goto(base + '/');
  await picture('home');
  await narrow('home page');
  fact((await context.cookies()).length === 0, `${name}: X12 the anonymous home page sets no cookie`);

  await page.goto(base + '/admin/');
  fact(new URL(page.url()).pathname === '/account/login', `${name}: X2 /admin/ leads to the login`);
  fact((await page.content()).includes('Please log in to access this page.'), `${name}: X2 and says why`);
  await picture('login');
  await narrow('login page');

  await page.fill('input[name=email]', email);
  await page.fill('input[name=password]', password + 'x');
  await page.click('main form [type=submit]');
  fact((await page.content()).includes('Invalid email or password.'), `${name}: R3 a wrong password is refused`);
  fact((await page.inputValue('input[name=email]')) === email, `${name}: R3 the address is kept`);
  fact((await page.inputValue('input[name=password]')) === '', `${name}: R3 the password is not`);
  await picture('refused');

  await page.fill('input[name=password]', password);
  await page.click('main form [type=submit]');
  fact(new URL(page.url()).pathname === '/admin/', `${name}: R3 the right one leads on to /admin/`);
  fact((await page.content()).includes('You are now logged in. Welcome back!'), `${name}: R3 with a welcome`);
  await picture('dashboard');
  await narrow('dashboard');

  await page.goto(base + '/account/logout');
  await picture('logout');
  await page.click('main form [type=submit]');
  fact(new URL(page.url()).pathname === '/', `${name}: R5 logging out leads home`);
  fact((await page.content()).includes('You have been logged out.'), `${name}: R5 and says so`);
  await page.goto(base + '/admin/');
  fact(new URL(page.url()).pathname === '/account/login', `${name}: R5 the session is over`);

  fact(complaints.length === 0,
    `${name}: X13 the browser complains about nothing${complaints.length ? ': ' + complaints.join('; ') : ''}`);
  await context.close();
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.BROWSER || '/usr/bin/chromium',
    // The sandbox needs privileges that a test in a container does not have.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
  try {
    await visit(browser, 'desktop', { viewport: { width: 1280, height: 800 } });
    await visit(browser, 'phone without scripts',
      { viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
    await visit(browser, 'phone', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.log(`not ok - ${String(error).replace(/\s+/g, ' ')}`);
  process.exitCode = 1;
});
