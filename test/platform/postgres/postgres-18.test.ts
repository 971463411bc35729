import { describeOn } from '../../support/run-on-postgres.ts';

describeOn('18');
