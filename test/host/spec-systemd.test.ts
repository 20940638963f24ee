import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf } from '../support/run-to-end.ts';
import { importDemoImage } from '../support/demo-image.ts';
import { createTestRoot } from '../support/test-root.ts';
import { withEngine } from '../support/test-engine.ts';
import { skip } from '../support/skip.ts';

test('[spec.systemd-mode] systemd: always gives its places, container_uuid, and a cgroup that it may write to', async () => {
  await withEngine(async (engine) => {
    const script =
      "for d in /run /run/lock /tmp /var/log/journal; do awk -v d=$d '$2 == d { print d, $3 }' /proc/mounts; done; echo $container_uuid";
    const request = engine.request(script, { systemd: 'always' });
    assert.equal(await linesOf(engine, request), [
      '/run tmpfs',
      '/run/lock tmpfs',
      '/tmp tmpfs',
      '/var/log/journal tmpfs',
      request.id.slice(0, 32),
    ]);
  });
});

test('[spec.systemd-mode] the stop signal of a systemd container is 37, and it ends at that', async () => {
  const testRoot = await createTestRoot();
  try {
    await importDemoImage(testRoot);
    const manifest = `apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: web }
spec:
  image: localhost/demo:1
  systemd: always
  restartPolicy: Never
  terminationGracePeriodSeconds: 20
  command: [sh, -c, 'trap "echo halted; exit 7" 37; while :; do sleep 0.1; done']
`;
    await testRoot.output(['apply', '-f', await testRoot.write('web.yaml', manifest), '--wait']);
    const startedMs = performance.now();
    await testRoot.output(['stop', 'web']);
    assert.ok(performance.now() - startedMs < 10_000, 'it was not killed after the grace period');
    assert.match(await testRoot.output(['logs', 'web']), /^halted$/m);
    await testRoot.output(['delete', 'container/web']);
  } finally {
    await testRoot.remove();
  }
});

const APPARMOR = '[spec.apparmor] a process that is to be unconfined is';
if (existsSync('/sys/module/apparmor/parameters/enabled')) {
  test(APPARMOR, async () => {
    await withEngine(async (engine) => {
      const request = engine.request('cat /proc/self/attr/current', {
        securityContext: { appArmorProfile: { type: 'Unconfined' } },
      });
      assert.match((await linesOf(engine, request)).join(), /unconfined/);
    });
  });
} else {
  skip(test, APPARMOR, 'this host has no AppArmor');
}

test.run();
