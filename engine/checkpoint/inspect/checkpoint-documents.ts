import type { CheckpointEnvironment, ConfigDump, NetworkStatus, SpecDump } from '../../../schemas/index.ts';
import type { CheckpointContents } from './checkpoint-contents.ts';
import { parseDocument } from './parse-document.ts';

/** The documents of a checkpoint, checked; null where there is none. */
export interface CheckpointDocuments {
  config: ConfigDump | null;
  spec: SpecDump | null;
  network: NetworkStatus;
  environment: CheckpointEnvironment | null;
  deletedFiles: string[];
}

/** Throws CHECKPOINT_INVALID for a document that is not what it should be. */
export async function readDocuments({
  documents,
}: Pick<CheckpointContents, 'documents'>): Promise<CheckpointDocuments> {
  const schemas = await import('../../../schemas/index.ts');
  const config = documents.get('config.dump');
  const spec = documents.get('spec.dump');
  const network = documents.get('network.status');
  const environment = documents.get('environment.json');
  const deleted = documents.get('deleted.files');
  return {
    config: config === undefined ? null : parseDocument('config.dump', config, schemas.configDump),
    spec: spec === undefined ? null : parseDocument('spec.dump', spec, schemas.specDump),
    network: network === undefined ? null : parseDocument('network.status', network, schemas.networkStatus),
    environment:
      environment === undefined
        ? null
        : parseDocument('environment.json', environment, schemas.checkpointEnvironment),
    deletedFiles: deleted === undefined ? [] : parseDocument('deleted.files', deleted, schemas.deletedFiles),
  };
}
