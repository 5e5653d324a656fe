import { describe, expect, it } from 'vitest';
import { borrowedIdentity } from './account.ts';

const NOBODY = 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin';

describe('the account root borrows', () => {
  it.each([
    ['root:x:0:0::/root:/bin/sh\n' + NOBODY, { uid: 65534, gid: 65534 }],
    [NOBODY + '\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n', { uid: 101, gid: 104 }],
    ['postgres:x:101:104::/:/bin/sh\ntocsin:x:900:901::/:/bin/sh\n', { uid: 900, gid: 901 }],
    ['tocsin:x:0:0::/root:/bin/sh\n' + NOBODY, { uid: 65534, gid: 65534 }],
  ])('of %j is %j', (passwd, identity) => {
    expect(borrowedIdentity(passwd)).toEqual(identity);
  });

  it('is refused with a way out where there is none', () => {
    expect(() => borrowedIdentity('root:x:0:0::/root:/bin/sh\n')).toThrow(/ordinary user/);
  });
});
