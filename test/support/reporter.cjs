/**
 * Mocha's `spec`, with its summary at the very end. With several processes mocha learns last of the files that did not
 * load and of processes that ended, one by one, and `spec` closes at the first of them: the others were counted nowhere.
 */
const { relative } = require('node:path');
const Mocha = require('mocha');

const { Spec } = Mocha.reporters;

module.exports = class SummaryAtTheEnd extends Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.prependListener(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      // Errors of PostgreSQL have a `file` as well.
      if (test.title === 'Uncaught error outside test suite' && error?.file)
        test.title = `${relative(process.cwd(), error.file)} did not run to its end`;
    });
  }

  /** Called at the end of the run, which may come several times. */
  epilogue() {}

  /** Called once, when nothing more can come. */
  done(failures, end) {
    Spec.prototype.epilogue.call(this);
    end(failures);
  }
};
