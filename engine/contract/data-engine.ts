import type {
  ConfigMap,
  ContainerRequest,
  DataKind,
  Ownership,
  Rotation,
  Secret,
} from '../../schemas/index.ts';

/** Config maps and secrets. Their values are in no record, event or message. */
export interface DataEngine {
  /** Keeps the values of a manifest, durably, and says whether they were new. Reads what a secret takes from elsewhere. */
  apply(manifest: ConfigMap | Secret, owner: Ownership): Promise<'new' | 'changed' | 'unchanged'>;
  /** What `apply` would change, without values. Throws what it would throw, and writes nothing. */
  compare(manifest: ConfigMap | Secret): Promise<DataComparison>;
  /** None of that name is no error. */
  remove(kind: DataKind, name: string): Promise<void>;
  list(): Promise<DataInfo[]>;
  /** What a container refers to and is there, by `secret/<name>` and `configmap/<name>`. */
  uses(request: Pick<ContainerRequest, 'spec'>): Promise<Record<string, DataUse>>;
}

/** What differs between a manifest and what is kept: names of keys, never values. */
export interface DataComparison {
  change: 'new' | 'changed' | 'unchanged';
  keys: Readonly<Record<string, 'added' | 'changed' | 'removed'>>;
  rotation: Rotation;
}

/** A config map or secret without its values. */
export interface DataInfo {
  kind: DataKind;
  name: string;
  owner: Ownership;
  labels: Readonly<Record<string, string>>;
  keys: string[];
  /** Changes with the values. */
  version: string;
  rotation: Rotation;
  updatedAt: string;
}

export interface DataUse {
  version: string;
  policy: Rotation['policy'];
}
