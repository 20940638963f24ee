import type { DataUse } from '../../engine/index.ts';
import type {
  Container,
  ContainerRecord,
  ContainerSpec,
  PodMembership,
  PodRecord,
  WantedState,
} from '../../schemas/index.ts';
import { expandPod, type PodMember } from './expand-pod.ts';

/** What a container is to be, wherever that was written: in a manifest of its own, or in that of its pod. */
export interface DesiredContainer {
  spec: ContainerSpec;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  pod: PodMembership | null;
  wanted: WantedState;
  wantedBy: 'manifest' | 'hand';
  /** The config maps and secrets that it refers to and that are there. */
  data?: Readonly<Record<string, DataUse>>;
}

/** Null: nobody wants the container any more. */
export function desiredContainer(record: ContainerRecord, pod: PodRecord | null): DesiredContainer | null {
  if (record.deletionRequestedAt !== null) return null;
  if (record.pod === null) return record.manifest === null ? null : fromManifest(record, record.manifest);
  if (pod === null || pod.deletionRequestedAt !== null) return null;
  const member = expandPod(pod.manifest, pod.id).find(({ name }) => name === record.name);
  return member === undefined ? null : fromPod(record, pod, member);
}

function fromManifest(record: ContainerRecord, { metadata, spec }: Container): DesiredContainer {
  return {
    spec,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    pod: null,
    wanted: record.override ?? spec.state,
    wantedBy: record.override === null ? 'manifest' : 'hand',
  };
}

function fromPod(record: ContainerRecord, pod: PodRecord, member: PodMember): DesiredContainer {
  const override = pod.override ?? record.override;
  return {
    spec: member.spec,
    labels: pod.manifest.metadata.labels ?? {},
    annotations: pod.manifest.metadata.annotations ?? {},
    pod: member.membership,
    wanted: override ?? member.spec.state,
    wantedBy: override === null ? 'manifest' : 'hand',
  };
}
