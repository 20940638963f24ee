/** A process of its own that imports an image, to be killed: `node --import tsx import-image.ts STORE SOURCE NAME`. */
import { openImageStore } from './image-store.ts';

const [store = '', source = '', name = ''] = process.argv.slice(2);
await openImageStore(store).import(source, name);
