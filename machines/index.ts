/**
 * When something is done to the host: state machines that carry out the steps of a plan, one actor for each. The only caller of the
 * engine's lifecycle verbs. It never decides what should be; xstate does not leave this folder.
 */
export type { ContainerEffectDeps } from './effect-journal.ts';
export { recoverRecord } from './recover.ts';
export { createStepRunner, type MachineRunner } from './run-step.ts';
