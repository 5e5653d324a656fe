import { parseBundle } from '../../src/stix/bundle/text.ts';
import { readBundle } from '../../src/stix/bundle/bundle.ts';
import { checkObject } from '../../src/stix/check/check.ts';
import { makeBundles, type Bundle } from '../indicators.ts';
import { rate, rounded, type Bench } from '../measurement.ts';

const BUNDLE = 5000;
/** Bundles before the clock starts: the engine compiles what runs often. */
const WARM_UP = 8;
const IDENTITY = 'identity--4f9e54b5-1f0f-4a4c-9b6c-6a4c1f4b9d0e';

/** The language alone: no server, no database. */
export const validate: Bench = {
  name: 'validate',
  about: `bundles of ${BUNDLE} indicators parsed and checked, patterns included, in one thread`,
  objects: 400_000,
  async *run(objects) {
    const warmUp = makeBundles(WARM_UP * BUNDLE, BUNDLE, IDENTITY);
    timeBoth(warmUp);
    const { seconds, floorSeconds } = timeBoth(makeBundles(objects, BUNDLE, IDENTITY));
    yield await Promise.resolve({
      measured: {
        bench: 'validate',
        ...rate(objects, seconds),
        floorPerSecond: rounded(objects / floorSeconds),
        ratio: rounded(floorSeconds / seconds, 2),
        ran: `bytes to checked objects, bundles of ${BUNDLE}, one thread; floor: JSON.parse of the same bytes, bundle by bundle in turn`,
      },
      target: { perSecond: 100_000, ratio: 0.33 },
    });
  },
};

/** Both in turn over each bundle, so that what else the machine does meets both. */
function timeBoth(bundles: readonly Bundle[]): { seconds: number; floorSeconds: number } {
  let seconds = 0;
  let floorSeconds = 0;
  for (const { body, objects } of bundles) {
    const start = performance.now();
    JSON.parse(body.toString());
    const between = performance.now();
    const good = countGood(body);
    seconds += performance.now() - between;
    floorSeconds += between - start;
    if (good !== objects) throw new Error(`${good} of ${objects} indicators were found good`);
  }
  return { seconds: seconds / 1000, floorSeconds: floorSeconds / 1000 };
}

/** The objects of a bundle without an error. */
function countGood(body: Buffer): number {
  const bundle = readBundle(parseBundle(body.toString()));
  if (!bundle.ok) return 0;
  let good = 0;
  for (const object of bundle.objects) {
    if (checkObject(object).ok) good += 1;
  }
  return good;
}
