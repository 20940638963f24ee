import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { passwdAdditions, type PasswdRequest } from '../../../engine/files/passwd-additions.ts';
import { assertRefused } from '../../support/throws.ts';

const REQUEST: PasswdRequest = {
  container: 'web',
  uid: 4242,
  gid: 4343,
  home: '/',
  passwdEntry: null,
  groupEntry: null,
  hostUsers: [],
};
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n';
const GROUP = 'root:x:0:\napp:x:1000:\n';

test('[spec.user.numeric] a user and group that the image does not know get a line each', () => {
  assert.equal(passwdAdditions(REQUEST, PASSWD, GROUP), {
    passwd: '4242:*:4242:4343:container user:/:/bin/sh\n',
    group: '4343:x:4343:4242\n',
  });
  assert.equal(passwdAdditions({ ...REQUEST, uid: 1000, gid: 1000 }, PASSWD, GROUP), {
    passwd: '',
    group: '',
  });
});

test('[passwd.readonly] lines are added once: the completed text asks for nothing', () => {
  const { passwd, group } = passwdAdditions(REQUEST, PASSWD, GROUP);
  const completed = [PASSWD + passwd, GROUP + group] as const;
  assert.equal(passwdAdditions(REQUEST, ...completed), { passwd: '', group: '' });
});

test('[passwd.readonly] a last line without an end is ended first', () => {
  const { passwd, group } = passwdAdditions(REQUEST, PASSWD.trimEnd(), GROUP.trimEnd());
  assert.is(passwd, '\n4242:*:4242:4343:container user:/:/bin/sh\n');
  assert.is(group, '\n4343:x:4343:4242\n');
});

test('[passwd.opt-out] templates take the place of the lines', () => {
  const request = {
    ...REQUEST,
    home: '/srv/$UID',
    passwdEntry: '$USERNAME:x:$UID:$GID:$NAME:$HOME:/bin/ash',
    groupEntry: 'own_$GROUPNAME:x:$GID:$USERLIST',
  };
  assert.equal(passwdAdditions(request, null, null), {
    passwd: '4242:x:4242:4343:container user:/srv/$UID:/bin/ash\n',
    group: 'own_4343:x:4343:4242\n',
  });
});

test('[passwd.opt-out] a template with a line break would be a second user, and is refused', () => {
  const request = { ...REQUEST, passwdEntry: '$USERNAME:x:$UID:$GID:::\nevil::0:0:::' };
  assertRefused(() => passwdAdditions(request, PASSWD, GROUP), 'BAD_REQUEST', 'one line', 'container web');
});

test('[passwd.host-users] each gets a line with the name, ids and home of the host, unless the image has it', () => {
  const hostUsers = [
    { name: 'alice', uid: 1500, gid: 1500, home: '/home/alice' },
    { name: 'app', uid: 1600, gid: 1600, home: '/' },
  ];
  assert.equal(passwdAdditions({ ...REQUEST, uid: 1500, gid: 1500, hostUsers }, PASSWD, GROUP), {
    passwd: 'alice:*:1500:1500::/home/alice:/bin/sh\n',
    group: 'alice:x:1500:alice\n',
  });
});

test('root needs no line in an image without passwd', () => {
  assert.equal(passwdAdditions({ ...REQUEST, uid: 0, gid: 0 }, null, null), { passwd: '', group: '' });
});

test.run();
