//! Banks' signed notices: verification and normalisation.
