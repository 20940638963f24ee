import type { ContainerEngine } from './container-engine.ts';
import type { DataEngine } from './data-engine.ts';
import type { HostFacts } from './host-facts.ts';
import type { ImageEngine } from './image-engine.ts';
import type { PodEngine } from './pod-engine.ts';
import type { VolumeEngine } from './volume-engine.ts';

/**
 * The engine does one thing to one container, pod or image when told, and chooses nothing by itself. Every verb is
 * idempotent: it makes sure that something is so, and may be called again after a crash at any instant. Verbs do not check the
 * state machine (the caller does) and do not write records.
 */
export interface Engine {
  readonly containers: ContainerEngine;
  readonly pods: PodEngine;
  readonly images: ImageEngine;
  readonly data: DataEngine;
  readonly volumes: VolumeEngine;
  /** What this host has: cgroups, runtime, tools. Asked once. */
  host(): Promise<HostFacts>;
}
