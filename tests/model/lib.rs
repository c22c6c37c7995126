//! Nothing here: the suite is the test executable beside this file.
