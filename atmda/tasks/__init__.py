"""The use cases: settings in, a result out, an observer told of progress. Nothing here prints or knows of flags."""
