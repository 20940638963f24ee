import path from 'node:path';

export const TSCTR_OCI = path.resolve(import.meta.dirname, '../../bin/tsctr-oci');
