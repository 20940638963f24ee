import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseHooks, mergeHookDirectories, type HookSubject } from '../../../engine/spec/choose-hooks.ts';
import { mergeHooks } from '../../../engine/spec/hooks.ts';
import { HostFileError, hookDefinition, parseHostFile, type HookDefinition } from '../../../schemas/index.ts';
import { validSpec } from '../../support/spec-input.ts';

const SUBJECT: HookSubject = {
  annotations: { 'example.com/gpu': 'yes' },
  command: '/usr/bin/app',
  hasBindMounts: true,
};

function definition(
  when: HookDefinition['when'],
  stages: HookDefinition['stages'] = ['prestart'],
): HookDefinition {
  return { version: '1.0.0', hook: { path: '/usr/bin/hook', args: ['hook', 'x'], timeout: 3 }, when, stages };
}

function isChosen(when: HookDefinition['when'], subject: Partial<HookSubject> = {}): boolean {
  const { spec } = chooseHooks([{ fileName: 'a.json', definition: definition(when) }], {
    ...SUBJECT,
    ...subject,
  });
  return spec.prestart !== undefined;
}

test('[spec.hooks] always, annotations, commands and bind mounts choose a hook; all that are given must hold', () => {
  assert.ok(isChosen({ always: true }));
  assert.not(isChosen({ always: false }));
  assert.not(isChosen({}));
  assert.ok(isChosen({ annotations: { '^example\\.com/': '^y' } }));
  assert.not(isChosen({ annotations: { '^example\\.com/': '^n' } }));
  assert.ok(isChosen({ commands: ['^/bin/', '/app$'] }));
  assert.not(isChosen({ commands: ['^/bin/'] }));
  assert.ok(isChosen({ hasBindMounts: true }));
  assert.not(isChosen({ hasBindMounts: true }, { hasBindMounts: false }));
  assert.not(isChosen({ always: true, commands: ['^/bin/'] }));
});

test('[spec.hooks] each stage has its hooks in the order of the file names; precreate stays with the engine', () => {
  const named = (
    fileName: string,
    ...stages: HookDefinition['stages']
  ): { fileName: string; definition: HookDefinition } => {
    const made = definition({ always: true }, stages);
    return { fileName, definition: { ...made, hook: { path: `/hooks/${fileName}` } } };
  };
  const merged = mergeHookDirectories([
    [named('20.json', 'prestart'), named('B.json', 'poststop', 'precreate')],
    [named('a.json', 'prestart', 'poststop'), named('20.json', 'prestart', 'createRuntime')],
  ]);
  const { spec, precreate } = chooseHooks(merged, SUBJECT);
  const paths = (hooks: { path: string }[] | undefined): string[] => (hooks ?? []).map(({ path }) => path);
  assert.equal(paths(spec.prestart), ['/hooks/20.json', '/hooks/a.json']);
  assert.equal(paths(spec.createRuntime), ['/hooks/20.json']);
  assert.equal(paths(spec.poststop), ['/hooks/a.json', '/hooks/B.json']);
  assert.equal(paths(precreate), ['/hooks/B.json']);
});

test('[spec.hooks] the hooks stand in the spec, those of the directories before those of devices', () => {
  const env = ['A=1'];
  const own = { prestart: [{ path: '/a', env }] };
  const cdi = { prestart: [{ path: '/b', env }], poststop: [{ path: '/c', env }] };
  assert.equal(mergeHooks(own, cdi), {
    prestart: [
      { path: '/a', env },
      { path: '/b', env },
    ],
    poststop: [{ path: '/c', env }],
  });
  assert.is(mergeHooks(undefined, {}), null);
  assert.equal(validSpec({ input: { hooks: own } }).hooks, own);
});

test('[spec.hooks] a hook that says nothing of its environment does not get that of the runtime', () => {
  const hooks = mergeHooks({
    poststop: [{ path: '/a' }, { path: '/b', env: [] }],
    startContainer: [{ path: '/c' }],
  });
  assert.equal(
    hooks?.poststop?.map(({ env }) => env?.map((entry) => entry.split('=')[0])),
    [['PATH', 'HOME'], []],
  );
  assert.equal(hooks?.startContainer, [{ path: '/c' }], 'it runs inside, with the environment there');
});

test('[spec.hooks] a file that is wrong is refused with its name and every field', () => {
  const text = JSON.stringify({
    version: '2.0.0',
    hook: { path: 'relative' },
    when: { commands: ['('] },
    stages: ['someday'],
  });
  try {
    parseHostFile(hookDefinition, text, '/etc/hooks/bad.json');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, HostFileError);
    const { message } = error as HostFileError;
    for (const part of ['/etc/hooks/bad.json', 'version', 'hook.path', 'when.commands.0', 'stages.0']) {
      assert.ok(message.includes(part), `${part} in ${message}`);
    }
  }
});

test.run();
