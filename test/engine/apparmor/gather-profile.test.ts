import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_PROFILE_TEXT } from '../../../engine/apparmor/default-profile.ts';
import { gatherAppArmorProfile } from '../../../engine/apparmor/gather-profile.ts';
import type { HostFacts } from '../../../engine/index.ts';
import type { Command } from '../../../engine/process/run-command.ts';
import { containerRequest } from '../../support/container-request.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

/** A host whose kernel has these profiles, and what its parser was asked. */
function hostWith(directory: string, loaded: readonly string[], parser: { exitCode: number } | null) {
  const profiles = path.join(directory, 'profiles');
  const list = (names: readonly string[]) => {
    writeFileSync(profiles, names.map((name) => `${name} (enforce)\n`).join(''));
  };
  list(loaded);
  const run = path.join(directory, 'run');
  mkdirSync(run);
  const commands: Command[] = [];
  const notices: string[] = [];
  const gather = (securityContext: object | undefined, appArmor = true) =>
    gatherAppArmorProfile(
      {
        facts: { appArmor } as HostFacts,
        paths: { run },
        notice: (_, message) => notices.push(message),
        runCommand: (command) => {
          commands.push(command);
          const exitCode = parser?.exitCode ?? 1;
          if (exitCode === 0) list([...loaded, 'tsctr-default']);
          return Promise.resolve({
            exitCode,
            signal: null,
            stdout: Buffer.from(''),
            stderr: 'no such feature\n',
          });
        },
      },
      containerRequest({ image: 'demo', ...(securityContext === undefined ? {} : { securityContext }) }),
      { profiles, parser: parser === null ? null : '/sbin/apparmor_parser' },
    );
  return { gather, commands, notices };
}

test('[spec.apparmor] the default profile is loaded once, and named', () =>
  withDirectory(async (directory) => {
    const { gather, commands } = hostWith(directory, ['other'], { exitCode: 0 });
    assert.equal(await gather(undefined), { defaultAppArmorProfile: 'tsctr-default' });
    assert.equal(await gather({ appArmorProfile: { type: 'RuntimeDefault' } }), {
      defaultAppArmorProfile: 'tsctr-default',
    });
    assert.is(commands.length, 1);
    assert.is(commands[0]?.input, DEFAULT_PROFILE_TEXT);
  }));

test('[spec.apparmor] a profile that another version has loaded is replaced', () =>
  withDirectory(async (directory) => {
    const { gather, commands } = hostWith(directory, ['tsctr-default'], { exitCode: 0 });
    writeFileSync(path.join(directory, 'run/apparmor-profile'), 'digest of another text');
    await gather(undefined);
    assert.is(commands.length, 1);
  }));

test('[spec.apparmor] nothing is loaded on a host without it, nor for who does not want the default', () =>
  withDirectory(async (directory) => {
    const { gather, commands } = hostWith(directory, ['own'], { exitCode: 0 });
    assert.equal(await gather(undefined, false), {});
    assert.equal(await gather({ appArmorProfile: { type: 'Unconfined' } }), {});
    assert.equal(await gather({ appArmorProfile: { type: 'Localhost', localhostProfile: 'own' } }), {});
    assert.equal(await gather({ privileged: true }), {});
    assert.equal(commands, []);
  }));

test('[spec.apparmor] a profile that is not loaded is an error that names it', () =>
  withDirectory(async (directory) => {
    const { gather } = hostWith(directory, ['tsctr-default'], { exitCode: 0 });
    const error = await rejectionOf(
      gather({ appArmorProfile: { type: 'Localhost', localhostProfile: 'lost' } }),
    );
    assert.is(error.code, 'HOST_UNSUITABLE');
    assert.match(error.message, /profile lost is not loaded/);
  }));

for (const [why, parser, said] of [
  ['is missing', null, /apparmor_parser is not installed/],
  ['refuses it', { exitCode: 1 }, /no such feature/],
] as const) {
  test(`[spec.apparmor] where the parser ${why}, who asked for the default gets an error, others a notice`, () =>
    withDirectory(async (directory) => {
      const { gather, notices } = hostWith(directory, [], parser);
      const error = await rejectionOf(gather({ appArmorProfile: { type: 'RuntimeDefault' } }));
      assert.is(error.code, 'HOST_UNSUITABLE');
      assert.match(error.message, said);
      assert.equal(await gather(undefined), {});
      assert.is(notices.length, 1);
      assert.match(notices[0] ?? '', said);
    }));
}

test.run();
