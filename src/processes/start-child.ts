/** Entry point of a child process. */
import { keepCompiledCode } from '../compile-cache.js';

keepCompiledCode();
await import('./child.js');
