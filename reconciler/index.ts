/**
 * Decides what is to be done next: sources, desired and observed state, plans, the queue, ownership, probes. It never touches the
 * host itself: what is to be done goes to a `StepRunner`, and from the engine it only learns.
 */
export * from './backoff.ts';
export * from './clock.ts';
export * from './event.ts';
export * from './outcome.ts';
export * from './plan.ts';
export * from './plan-reason.ts';
export * from './record-editor.ts';
export * from './resource-key.ts';
export * from './signal-number.ts';
export type * from './step.ts';
export type * from './step-runner.ts';
