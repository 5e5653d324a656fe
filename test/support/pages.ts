import type { Browser, Page } from 'playwright-core';

/** A page, and whatever it complained of. */
export interface OpenPage {
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens a page of the server at `url`; each request that leaves the server is a complaint too. */
export async function openPage(browser: Browser, url: string, link: string): Promise<OpenPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('the server responded with')) {
      complaints.push(message.text());
    }
  });
  page.on('request', (sent) => {
    const own = sent.url().startsWith(url) || sent.url().startsWith(`blob:${url}`);
    if (!own) complaints.push(sent.url());
    if (sent.url().includes('invitation/')) complaints.push(`told: ${sent.url()}`);
  });
  await page.goto(link);
  return { page, complaints };
}

/** What the page has put on the clipboard; it needs the permission to be read. */
export async function clipboardOf(page: Page): Promise<string> {
  return String(await page.evaluate('navigator.clipboard.readText()'));
}

/** The ids of the inputs that do not have exactly one label. */
export const UNNAMED_INPUTS = `
  [...document.querySelectorAll('input')]
    .filter(({ labels }) => labels.length !== 1)
    .map(({ id }) => id)`;

/** The least contrast between visible text and its background (WCAG 2.2, 1.4.3). */
export const LEAST_CONTRAST = String.raw`(() => {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const canvas = document.createElement('div');
  canvas.style.color = 'Canvas';
  document.body.append(canvas);
  const page = getComputedStyle(canvas).color;
  canvas.remove();
  const backgroundOf = (element) => {
    if (element === null) return page;
    const color = getComputedStyle(element).backgroundColor;
    return channels(color)[3] === 0 ? backgroundOf(element.parentElement) : color;
  };
  const texts = [...document.querySelectorAll('main *')].filter(
    (element) => element.checkVisibility() && element.textContent.trim() !== '',
  );
  const contrasts = texts.map((element) => {
    const colors = [getComputedStyle(element).color, backgroundOf(element)];
    const [low, high] = colors.map(luminance).toSorted((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  });
  return Math.min(...contrasts);
})()`;
