import { suite as quietSuite } from 'uvu';
import type { Test } from 'uvu';

/**
 * uvu, except that a hook that throws says why: uvu itself swallows that error and shows `0 / 1` without a word.
 * scripts/run-tests.mjs puts this in the place of `uvu`; test files import `uvu` as ever.
 */
export function suite<Context>(title?: string, context?: Context): Test<Context> {
  const test = quietSuite<Context>(title, context);
  const [before, after] = [test.before.bind(test), test.after.bind(test)];
  const [beforeEach, afterEach] = [test.before.each.bind(test), test.after.each.bind(test)];
  test.before = Object.assign(
    (hook: Hook<Context>) => {
      before(outspoken(hook, 'before'));
    },
    {
      each: (hook: Hook<Context>) => {
        beforeEach(outspoken(hook, 'before.each'));
      },
    },
  );
  test.after = Object.assign(
    (hook: Hook<Context>) => {
      after(outspoken(hook, 'after'));
    },
    {
      each: (hook: Hook<Context>) => {
        afterEach(outspoken(hook, 'after.each'));
      },
    },
  );
  return test;
}

export const test: Test = suite('');

type Hook<Context> = Parameters<Test<Context>['before']>[0];

function outspoken<Context>(hook: Hook<Context>, name: string): Hook<Context> {
  return async (context) => {
    try {
      await hook(context);
    } catch (error) {
      console.log(`the ${name} hook has thrown:`, error);
      throw error;
    }
  };
}
