import type { FieldPath } from './field-path.ts';

/** Something that is wrong with a field, before it is known where in the file that field stands. */
export interface FieldIssue {
  path: FieldPath;
  message: string;
  /** As in ManifestProblem. */
  code: string;
  /** What is marked: the field's name, its value, or the nearest field around it, because it is not there. */
  mark: 'name' | 'value' | 'parent';
}
