import { EngineError } from '../../engine-error.ts';

/** One of the schemas of the documents. */
export interface DocumentSchema<Value> {
  safeParse(value: unknown):
    | { success: true; data: Value }
    | {
        success: false;
        error: Error & { issues: readonly { path: readonly PropertyKey[]; message: string }[] };
      };
}

/** Reads a JSON document out of a checkpoint. `name` is its name there, for errors. */
export function parseDocument<Value>(name: string, bytes: Buffer, schema: DocumentSchema<Value>): Value {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw invalid(name, 'it is no JSON', error);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at =
    issue === undefined || issue.path.length === 0 ? 'it' : issue.path.map(String).join('.').slice(0, 200);
  throw invalid(name, `${at}: ${issue?.message ?? 'it is not as it should be'}`, result.error);
}

function invalid(name: string, reason: string, cause: unknown): EngineError {
  return new EngineError('CHECKPOINT_INVALID', `read ${name} of a checkpoint: ${reason}`, { cause });
}
