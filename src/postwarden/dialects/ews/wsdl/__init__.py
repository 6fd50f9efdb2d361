"""What programs are told of EWS here: a WSDL and its schemas, from our own tables."""
