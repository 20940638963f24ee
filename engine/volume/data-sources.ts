/** Entries of a config map or secret: key → bytes. */
export type DataEntries = Readonly<Record<string, Uint8Array>>;

/** Where the data of config maps and secrets comes from. Null: there is none of that name. */
export interface DataSources {
  configMap(name: string): Promise<DataEntries | null>;
  secret(name: string): Promise<DataEntries | null>;
}
