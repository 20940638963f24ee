import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveUser, type ResolvedUser, type UserRequest } from '../../../engine/spec/user.ts';
import { userRequestOf } from '../../../engine/spec/user-request.ts';
import { specInput, validSpec } from '../../support/spec-input.ts';
import { containerSpec } from '../../../schemas/index.ts';
import { assertRefused } from '../../support/throws.ts';

const PASSWD = [
  'root:x:0:0:root:/root:/bin/sh',
  '# a comment',
  'app:x:1000:1001:An App:/home/app:/bin/sh',
  'broken:x:abc:1:::',
  'homeless:x:1002:1002::',
  '4242:x:0:0:a name that looks like a number:/root:/bin/sh',
].join('\n');
const GROUP = 'root:x:0:\napp:x:1001:\nstaff:x:2000:app,other\nvideo:x:44:other,app\n5555:x:0:\n';

const NOBODY_ASKED: UserRequest = {
  container: 'web',
  user: null,
  runAsUser: null,
  runAsGroup: null,
  runAsNonRoot: false,
  groups: [],
  imageUser: null,
};

function resolve(request: Partial<UserRequest>, passwd: string | null = PASSWD): ResolvedUser {
  return resolveUser({ ...NOBODY_ASKED, ...request }, passwd, GROUP);
}

test('[spec.user.lookup] user, group, home and groups come from passwd and group', () => {
  const app = { uid: 1000, gid: 1001, additionalGids: [1001, 2000, 44], home: '/home/app', name: 'app' };
  assert.equal(resolve({ user: 'app' }), app);
  assert.equal(resolve({ imageUser: 'app' }), app);
});

test('[spec.user.lookup] the manifest goes before the image, `user` before runAsUser', () => {
  assert.is(resolve({ imageUser: 'app', user: '7' }).uid, 7);
  assert.is(resolve({ imageUser: 'app', runAsUser: 8 }).uid, 8);
  assert.is(resolve({ user: 'app', runAsUser: 8 }).uid, 1000);
  assert.equal(resolve({}), { uid: 0, gid: 0, additionalGids: [], home: '/root', name: 'root' });
});

test('[spec.user.lookup] runAsGroup replaces the group, of the image’s user as well', () => {
  assert.equal(
    [resolve({ runAsUser: 1000, runAsGroup: 5 }).gid, resolve({ runAsUser: 1000 }).gid],
    [5, 1001],
  );
  const ofImage = resolve({ imageUser: 'app', runAsGroup: 5 });
  assert.equal([ofImage.uid, ofImage.gid], [1000, 5]);
});

test('[spec.user.lookup] names that are not there are errors that say where they were looked for', () => {
  assertRefused(() => resolve({ user: 'nobody-here' }), 'UNKNOWN_USER', '`nobody-here`', '/etc/passwd');
  assertRefused(() => resolve({ user: 'app:none' }), 'UNKNOWN_USER', '`none`', '/etc/group');
  assertRefused(() => resolve({ user: 'app' }, null), 'UNKNOWN_USER', 'container web');
  assertRefused(() => resolve({ user: 'broken' }), 'UNKNOWN_USER', '`broken`');
});

test('[spec.user.host] a user that only the host knows is accepted if it is listed', () => {
  const hostUsers = [{ name: 'alice', uid: 1500, gid: 1500, home: '/home/alice' }];
  assert.is(resolve({ user: 'alice', hostUsers }).uid, 1500);
  assertRefused(() => resolve({ user: 'bob', hostUsers }), 'UNKNOWN_USER', '`bob`');
});

test('[spec.user.numeric] a numeric user that the image does not know still runs', () => {
  assert.equal(resolve({ user: '9999' }), {
    uid: 9999,
    gid: 0,
    additionalGids: [0],
    home: '/',
    name: null,
  });
  assert.equal(resolve({ user: '9999:8888' }).gid, 8888);
  assert.is(resolve({ user: '1:1' }, null).uid, 1);
});

test('[spec.user.numeric] a number is never taken for a name, whatever a hostile image calls its users', () => {
  assert.is(resolve({ user: '4242' }).uid, 4242);
  assert.is(resolve({ user: '1:5555' }).gid, 5555);
});

test('[spec.user.numeric] numbers beyond what the kernel has are names, and unknown', () => {
  for (const user of ['4294967295', '99999999999', '-1', '1e3']) {
    assertRefused(() => resolve({ user }), 'UNKNOWN_USER', user);
  }
});

test('[spec.user.groups] additional groups by name or number, and the user’s own unless a group was named', () => {
  assert.equal(resolve({ user: 'app', groups: ['video', '77', '44'] }).additionalGids, [1001, 2000, 44, 77]);
  assert.equal(resolve({ user: 'app:app' }).additionalGids, [1001]);
  assert.equal(resolve({ groups: ['staff'] }).additionalGids, [2000]);
});

test('[spec.user.home] is `/` for a user without one', () => {
  assert.is(resolve({ user: 'homeless' }).home, '/');
});

test('runAsNonRoot refuses root, and says where it came from', () => {
  assertRefused(() => resolve({ runAsNonRoot: true }), 'BAD_REQUEST', 'runAsNonRoot', 'default');
  const byImage = (): unknown => resolve({ runAsNonRoot: true, imageUser: 'root' });
  assertRefused(byImage, 'BAD_REQUEST', 'the image');
  assert.is(resolve({ runAsNonRoot: true, imageUser: 'app' }).uid, 1000);
});

test('the request is read from the manifest and the image', () => {
  const { request } = specInput({
    spec: { groups: ['audio'], securityContext: { runAsUser: 5, runAsGroup: 6, runAsNonRoot: true } },
  });
  assert.equal(userRequestOf(request, { User: 'app' }), {
    container: 'web',
    user: null,
    runAsUser: 5,
    runAsGroup: 6,
    runAsNonRoot: true,
    groups: ['audio'],
    imageUser: 'app',
  });
});

test('[spec.umask] an octal umask is passed on; the default is 0022; a bad one is a validation error', () => {
  assert.is(validSpec({ spec: { umask: '0027' } }).process.user.umask, 0o027);
  assert.is(validSpec().process.user.umask, 0o022);
  for (const umask of ['0999', '22', 'rwx']) {
    assert.not(containerSpec.safeParse({ image: 'x', umask }).success, umask);
  }
});

test.run();
