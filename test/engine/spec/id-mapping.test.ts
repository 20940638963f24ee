import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  allocateIds,
  autoSize,
  checkMappings,
  parseSubordinateIds,
  splitMappedGids,
  toHostId,
  type IdRange,
} from '../../../engine/spec/id-mapping.ts';
import { assertRefused } from '../../support/throws.ts';

const POOL: IdRange[] = [{ start: 100_000, size: 10_000 }];

test('[spec.userns] ranges are those of subuid(5) for the owner', () => {
  const text =
    'alice:1:2\ncontainers:100000:65536\n# x\ncontainers:bad:1\ncontainers:4294967290:10\ncontainers:5:0\n';
  assert.equal(parseSubordinateIds(text, 'containers'), [{ start: 100_000, size: 65_536 }]);
});

test('[spec.userns] auto is sized from the users and groups of the image, without nobody', () => {
  assert.is(autoSize(null, null), 1024);
  const passwd = 'root:x:0:0::/:\nbig:x:2000:1500::/:\nnobody:x:65534:65534::/:\n';
  assert.is(autoSize(passwd, 'g:x:2500:\n'), 2501);
  assert.is(autoSize(passwd, null, 4242), 4243);
});

test('[spec.userns] auto takes the lowest free range, between others where it fits', () => {
  assert.equal(allocateIds(1024, POOL, []), { start: 100_000, size: 1024 });
  const taken = [
    { start: 102_000, size: 1000 },
    { start: 100_000, size: 500 },
  ];
  assert.equal(allocateIds(1024, POOL, taken), { start: 100_500, size: 1024 });
  assert.equal(allocateIds(2000, POOL, taken), { start: 103_000, size: 2000 });
});

test('[spec.userns] when nothing is free the error says what there was', () => {
  const run = (): unknown => allocateIds(9000, POOL, [{ start: 104_000, size: 10 }]);
  assertRefused(run, 'HOST_UNSUITABLE', '9000', '10000 ids');
});

test('[spec.userns] no two containers ever share an id', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(sizes, fc.nat({ max: 11 }), (wanted, leaves) => {
      const taken: IdRange[] = [];
      const allocate = (size: number): void => {
        try {
          taken.push(allocateIds(size, POOL, taken));
        } catch {
          // The pool is full.
        }
      };
      wanted.forEach(allocate);
      taken.splice(leaves, 1);
      wanted.forEach(allocate);
      const sorted = [...taken].sort((one, other) => one.start - other.start);
      for (const [index, range] of sorted.entries()) {
        assert.ok(range.start >= 100_000 && range.start + range.size <= 110_000);
        const next = sorted[index + 1];
        assert.ok(next === undefined || range.start + range.size <= next.start);
      }
    }),
  );
});

const MAP = [
  { containerID: 0, hostID: 100_000, size: 1000 },
  { containerID: 2000, hostID: 5000, size: 10 },
];

test('[spec.userns] ids are mapped, or are not there', () => {
  assert.equal(
    [0, 999, 1000, 2009].map((id) => toHostId(id, MAP)),
    [100_000, 100_999, null, 5009],
  );
});

test('[spec.user.groups] groups that the user namespace does not map are told apart', () => {
  assert.equal(splitMappedGids([0, 1500, 2001], MAP), { mapped: [0, 2001], unmapped: [1500] });
});

test('[spec.userns] maps that the kernel would refuse are refused with the lines', () => {
  checkMappings(MAP, 'uidMappings');
  const overlapping = [...MAP, { containerID: 500, hostID: 9000, size: 1 }];
  assertRefused(
    () => {
      checkMappings(overlapping, 'uidMappings');
    },
    'BAD_REQUEST',
    '0:100000:1000',
    '500:9000:1',
  );
  const sameHost = [...MAP, { containerID: 7000, hostID: 5009, size: 1 }];
  assertRefused(
    () => {
      checkMappings(sameHost, 'uidMappings');
    },
    'BAD_REQUEST',
    '7000:5009:1',
  );
  assertRefused(
    () => {
      checkMappings([], 'gidMappings');
    },
    'BAD_REQUEST',
    'gidMappings',
  );
  const beyond = [{ containerID: 0, hostID: 4_294_967_294, size: 2 }];
  assertRefused(
    () => {
      checkMappings(beyond, 'x');
    },
    'BAD_REQUEST',
    '4294967294',
  );
});

test.run();
