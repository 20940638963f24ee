import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importDemoImage } from '../support/demo-image.ts';
import { testUnless } from '../support/skip.ts';
import { createTestRoot } from '../support/test-root.ts';

const VALUE = 'encrypted-value-5d2c71';
const OTHER = 'encrypted-value-90aa3e';

const hasAge = ['age', 'age-keygen'].every((name) => existsSync(`/usr/bin/${name}`));
const testWithAge = testUnless(test, hasAge ? null : 'this host has no age (Debian: apt-get install age)');

testWithAge(
  '[files.secrets] a value encrypted with age reaches the container, and neither manifest, diff nor errors hold it',
  async () => {
    const root = await createTestRoot();
    try {
      await importDemoImage(root);
      const at = (name: string): string => path.join(root.directory, name);
      const recipientOf = (key: string): string => {
        execFileSync('age-keygen', ['-o', at(key)], { stdio: 'ignore' });
        return execFileSync('age-keygen', ['-y', at(key)], { encoding: 'utf8' }).trim();
      };
      const [recipient] = [recipientOf('own.key'), recipientOf('other.key')];
      const encrypt = (value: string): void => {
        execFileSync('age', ['-r', recipient, '-o', at('db.age')], { input: value });
      };
      encrypt(VALUE);
      const manifest = (identity: string): Promise<string> =>
        root.write(
          'web.yaml',
          `apiVersion: tsctr.dev/v1
kind: Secret
metadata: { name: db }
from: { password: { ageFile: ${at('db.age')}, identity: ${at(identity)} } }
---
apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: web }
spec:
  image: localhost/demo:1
  terminationGracePeriodSeconds: 0
  command: [sleep, '600']
  secrets: [{ name: db }]
`,
        );
      const refused = await root.tsctr(['apply', '-f', await manifest('other.key')]);
      assert.is(refused.exitCode, 1, refused.stderr);
      assert.match(refused.stderr, /read key password of secret db: age ended with 1: /);
      assert.match(await root.output(['get', '-o', 'json']), '"items": []', 'nothing was accepted');

      const file = await manifest('own.key');
      await root.output(['apply', '-f', file, '--wait']);
      const inside = (): Promise<string> => root.output(['exec', 'web', '--', 'cat', '/run/secrets/db']);
      assert.is(await inside(), VALUE);
      encrypt(OTHER);
      const diff = await root.tsctr(['diff', '-f', file]);
      assert.is(diff.exitCode, 4);
      assert.match(
        diff.stdout,
        /secret\/db +in place +data\[password\]: changed\n +container\/web: files change in place/,
      );
      await root.output(['apply', '-f', file, '--wait']);
      assert.is(await inside(), OTHER);
      await root.output(['delete', '-f', file]);
      for (const directory of [root.root, root.run]) {
        const found = execFileSync('/bin/sh', [
          '-c',
          `grep -rlaF -e encrypted-value "$1" || true`,
          'sh',
          directory,
        ]);
        assert.is(found.toString(), '', 'no value is left');
      }
      for (const text of [refused.stdout, refused.stderr, diff.stdout])
        assert.not.match(text, 'encrypted-value');
      assert.equal(await root.remove(), []);
    } finally {
      await root.remove();
    }
  },
);

test.run();
